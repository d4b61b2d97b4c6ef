// What this folder uses of packages that say nothing of their types.
declare module 'jsdom' {
  export class JSDOM {
    readonly window: {
      readonly DOMParser: new () => { parseFromString(text: string, type: string): unknown }
    }
  }
}
