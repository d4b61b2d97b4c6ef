// jsdom brings no types of its own; this is all of it that reading a lesson takes.
declare module 'jsdom' {
  export class JSDOM {
    readonly window: { readonly DOMParser: new () => { parseFromString(text: string, type: string): unknown } }
  }
}
