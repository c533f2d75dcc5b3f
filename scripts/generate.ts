/**
 * Writes every file that is made from another one: `npm run generate`. With `--check` nothing is written, and the command fails when a
 * file is not what it would be. With `--coverage [WORD …]` tests of the server (whose path contains a word)
 * run first and say anew which routes they exercise.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { CONFIG_SCHEMA_FILE, configJsonSchema } from '../src/kernel/index.ts'
import { gatherCoverage } from './gather-coverage.ts'
import { ANNEX_PAGE, generateAnnexPage } from './generate-annex-page.ts'
import { CLI_PAGE, generateCliPage } from './generate-cli-page.ts'
import { CONFIGURATION_PAGE, generateConfigurationPage } from './generate-configuration-page.ts'
import { COVERAGE_PAGE, generateCoveragePage } from './generate-coverage-page.ts'
import { DIFFERENCES_PAGE, generateDifferencesPage } from './generate-differences-page.ts'
import { FLEX_CONTEXT_PAGE, FLEX_MODEL_PAGE, generateFlexContextPage, generateFlexModelPage } from './generate-flex-pages.ts'
import { FLEXMEASURES_CLI_PAGE, generateFlexmeasuresCliPage } from './generate-flexmeasures-cli-page.ts'
import { generateIso15118, ISO15118_TYPES } from './generate-iso15118.ts'
import { generateOcpp, OCPP_TYPES } from './generate-ocpp.ts'
import { generatePermissionsPage, PERMISSIONS_PAGE } from './generate-permissions-page.ts'
import { generateProblemsPage, PROBLEMS_PAGE } from './generate-problems-page.ts'
import { generateTemplateSchema, TEMPLATE_SCHEMA_FILE } from './generate-template-schema.ts'

const GENERATED: [file: string, text: () => string | Promise<string>][] = [
  [CONFIG_SCHEMA_FILE, () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
  [CONFIGURATION_PAGE, generateConfigurationPage],
  [CLI_PAGE, generateCliPage],
  [FLEXMEASURES_CLI_PAGE, generateFlexmeasuresCliPage],
  [PROBLEMS_PAGE, generateProblemsPage],
  [PERMISSIONS_PAGE, generatePermissionsPage],
  [COVERAGE_PAGE, generateCoveragePage],
  [DIFFERENCES_PAGE, generateDifferencesPage],
  [ANNEX_PAGE, generateAnnexPage],
  [FLEX_MODEL_PAGE, generateFlexModelPage],
  [FLEX_CONTEXT_PAGE, generateFlexContextPage],
  [TEMPLATE_SCHEMA_FILE, generateTemplateSchema],
  [ISO15118_TYPES, generateIso15118],
  ...OCPP_TYPES.map((types): [string, () => string] => [types.file, () => generateOcpp(types)]),
]

const coverage = process.argv.indexOf('--coverage')
if (coverage > 0) gatherCoverage(process.argv.slice(coverage + 1))
const checkOnly = process.argv.includes('--check')
let stale = 0
for (const [file, text] of GENERATED) {
  const wanted = await text()
  const current = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (current === wanted) continue
  stale++
  if (!checkOnly) writeFileSync(file, wanted)
  console.log(`${checkOnly ? 'stale' : 'wrote'} ${file}`)
}
if (checkOnly && stale > 0) {
  console.error("Run 'npm run generate' and commit what it writes.")
  process.exitCode = 1
}
