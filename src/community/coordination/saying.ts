/** What the coordination database says to people; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  noSchema: "The database has no schema '{name}' with ELFE's tables.",
  lookAtUrl: 'Look at the name of the database, and at what its user may read.',
  strangeCode: '{column} has the code {value}, which is not known.',
  strangeId: "Its id is none of ELFE's: one capital letter and one to four digits, such as A101.",
  applianceAway: 'Its appliance {appliance} is not taken over.',
  noAppliance: 'The device {id} belongs to appliance {appliance}, which is neither given nor known.',
  givenTwice: '{id} is given twice.',
  noDetails: 'What the table of its kind must hold of it is not known: make it there first.',
  idsTaken: 'The ids of its rows belong to another appliance there: it was taken over from another database.',
  noTopics: 'Its family wants topics for what it tells and what it is told; one of them is not known.',
} as const
