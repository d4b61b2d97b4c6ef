// What every cell of a lesson finds without importing it; library.ts and the runtime of the notebook kit bring it to the page.

/** Shows an element where the cell stands. */
declare function display<T>(value: T): T

/** Shows a control; the name it is given to is the control's value, and whatever reads that name runs again when it changes. */
declare function view<T>(control: HTMLElement & { value: T }): T

/** Stands for a value within prose when the cells are checked. */
declare function said(value: string | number): void
