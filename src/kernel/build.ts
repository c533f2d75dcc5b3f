/** What the build of the program (scripts/build.js) says otherwise: there this is the address of its folder, ending in a slash. */
export const BUILD: string | undefined = undefined
