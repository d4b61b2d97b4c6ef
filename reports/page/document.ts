// What every page of ours is put into: one self-contained document that loads nothing, follows light and dark, and has its
// sections in reach at the top.
import { readFileSync } from 'node:fs'
import { type Content, type Html, html, source } from './html.ts'

export interface PageParts {
  readonly title: string
  /** Style sheets of this folder; later ones refine earlier ones. */
  readonly styles: readonly string[]
  /** The sections in the bar at the top: id and name. */
  readonly links: readonly (readonly [id: string, name: string])[]
  readonly main: Content
  /** What comes after the main part: scripts, and what they need. */
  readonly ending: Content
}

/** The text of the page. */
export function documentOf({ title, styles, links, main, ending }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Windtunnel</title>
<link rel="icon" href="data:,">
<style>${source(styles.map(pageFile).join('\n'))}</style>
</head>
<body>
${navigation(links)}
<main>
${main}
</main>
${ending}
<script type="module">${source(pageFile('controls.js'))}</script>
</body>
</html>
`.text
}

function navigation(links: PageParts['links']): Html {
  return html`<nav aria-label="Sections">${links.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}<button type="button" id="scheme" aria-label="Switch between light and dark"><span aria-hidden="true">◐</span></button></nav>`
}

/** The text of a file of this folder. */
export function pageFile(name: string): string {
  return readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')
}
