/** The JSON Schema of device templates, for editors: `# yaml-language-server: $schema=…/template.schema.json`. */
import { TemplateSchema } from '../src/devices/template.ts'

/** Path of the file, relative to the project's root, that `generateTemplateSchema` is the text of. */
export const TEMPLATE_SCHEMA_FILE = 'src/devices/template.schema.json'

/** Lists of plain values stand on one line, as the project's formatter puts them. */
export const generateTemplateSchema = (): string =>
  `${JSON.stringify(TemplateSchema, null, 2).replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_, items: string) => `[${items.replace(/\n\s+/g, ' ')}]`)}\n`
