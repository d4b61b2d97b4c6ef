// Starts the cells of a lesson: each is a variable of Observable's runtime, run again when something it reads has changed.
import { NotebookRuntime } from '@observablehq/notebook-kit/runtime'

const notebook = new NotebookRuntime()

interface Definition {
  readonly id: number
}

/** Makes a cell live in the element `cell-<id>` of the page. */
export function defineCell(definition: Definition): void {
  const root = document.getElementById(`cell-${definition.id}`)
  if (root === null) throw new Error(`the page has no element for cell ${definition.id}`)
  notebook.define({ root, expanded: [], variables: [] } as never, definition as never)
}
