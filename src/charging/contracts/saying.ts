/** What the contracts of Plug & Charge say to people; French twins and test as for `src/ems/saying.ts`. */
export const SAYING = {
  badEmaid: "'{emaid}' is no eMAID, or its check character is wrong.",
  emaidForm:
    'Give two letters for the country, three characters for the provider, nine for the contract; the check character may be left out.',
  contractExists: "The contract '{emaid}' is there already.",
  revokeFirst: 'Revoke it first, or choose another one.',
  unknownContract: "There is no contract '{emaid}'.",
  listContracts: 'Look at the list of contracts.',
  contractOver: 'A contract must end in the future.',
  noTestAuthority: 'There is no authority yet that could sign contracts.',
  makeTestAuthority:
    "Make the one for trials with 'cariflex charging contracts trial', or set charging.contracts.url to a pool of the market.",
  poolSilent: 'The pool of contracts answered {status}.',
  poolHasNone: 'The pool of contracts has none for this car.',
  poolNoUpdate: 'This pool installs contracts and renews none.',
  poolGarbage: 'The pool of contracts answered something that is no contract.',
} as const
