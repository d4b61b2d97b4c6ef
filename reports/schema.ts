// The published JSON Schema of a record, made from core/record.ts. `node reports/schema.ts` writes record.schema.json;
// a test fails when the file is stale.
import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { recordSchema, recordSchemaName } from '../core/record.ts'

/** Where the published schema lives. */
export const schemaPath = new URL('./record.schema.json', import.meta.url)

/** The text of the published schema, JSON Schema draft 2020-12: as a reader should check it, open to fields of later versions. */
export function schemaText(): string {
  const schema = z.toJSONSchema(recordSchema, { target: 'draft-2020-12', io: 'input' })
  const title = { title: recordSchemaName, description: 'The result of one scenario of Windtunnel.' }
  return `${JSON.stringify({ ...title, ...schema }, null, 2)}\n`
}

if (import.meta.main) writeFileSync(schemaPath, schemaText())
