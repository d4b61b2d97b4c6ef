// A lesson as one self-contained HTML page, and the index of all lessons: nothing is loaded, the looks are those of the reports.
import { readFileSync } from 'node:fs'
import { type Content, type Html, html, source } from '../../reports/page/html.ts'
import { cardView } from '../../reports/page/questions.ts'
import type { Card } from '../../reports/questions.ts'
import { markdown } from '../page/markdown.ts'
import { isStatic } from './bundle.ts'
import type { Lesson } from './lesson.ts'

/** Later files refine earlier ones. */
const styles = ['type', 'opening', 'tables', 'charts', 'questions'].map(name => `../../reports/page/${name}.css`)

const stylesheet = () => [...styles, '../page/lesson.css'].map(readText).join('\n')

const readText = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

interface Page {
  readonly title: string
  readonly navigation: Content
  readonly main: Content
  /** A module; the index has none. */
  readonly script: string | null
}

function pageOf({ title, navigation, main, script }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Windtunnel</title>
<link rel="icon" href="data:,">
<style>${source(stylesheet())}</style>
</head>
<body>
<nav aria-label="Lessons">${navigation}<button type="button" id="scheme" aria-label="Switch between light and dark"><span aria-hidden="true">◐</span></button></nav>
<main>
${main}
</main>
<div id="tip" hidden></div>
<script>${source(readText('../page/scheme.js'))}</script>
${script !== null && html`<script type="module">${source(script)}</script>`}
</body>
</html>
`.text
}

/** The page of a lesson; `script` is its bundle, `next` the lesson that follows. */
export function lessonPage(lesson: Lesson, script: string, cards: readonly Card[], next: Lesson | null): string {
  const predicts = lesson.cells.findIndex(cell => cell.mode === 'ts' && /\bprediction\(/.test(cell.value))
  const cells = lesson.cells.map((cell, at) => {
    const content = isStatic(cell) ? source(markdown.render(cell.value)) : ''
    const kind = cell.mode === 'md' ? 'cell prose' : 'cell'
    return html`<div class="${kind}" id="cell-${cell.id}"${predicts >= 0 && at > predicts && html` data-after`}>${content}</div>`
  })
  const questions =
    cards.length > 0 &&
    html`<section id="questions" data-after><h2>Questions you can now answer</h2>
<p class="caption">Try each one aloud before you open it.</p>${cards.map(card => cardView(card, null))}</section>`
  const onward = next && html`<p data-after>Next lesson: <a href="${next.file}.html">${next.title}</a></p>`
  return pageOf({
    title: lesson.title,
    navigation: html`<a href="index.html">All lessons</a>`,
    main: html`<header><p class="kicker">Windtunnel, lesson ${Number.parseInt(lesson.file, 10)}</p><h1>${lesson.title}</h1></header>
${cells}
${questions}
${onward}`,
    script,
  })
}

/** The index: the lessons, and the cards that belong to none. */
export function indexPage(lessons: readonly Lesson[], cards: readonly Card[]): string {
  const items = lessons.map(lesson => {
    const own = cards.filter(card => card.lesson === lesson.name).length
    const questions = own > 0 && html`<p class="caption">${own} ${own === 1 ? 'question' : 'questions'} at its end</p>`
    return html`<li><a href="${lesson.file}.html">${lesson.title}</a><p>${firstSentence(lesson)}</p>${questions}</li>`
  })
  const loose = cards.filter(card => !lessons.some(({ name }) => name === card.lesson))
  return pageOf({
    title: 'Lessons',
    navigation: html`<span>Windtunnel</span>`,
    main: html`<header><h1>How reverse proxies behave</h1>
<p class="prose">A reverse proxy stands between the users of a service and the servers that do the work. Each lesson asks you to predict what one will do, runs it in front of you, shows what a real one did, and lets you look for the case where the obvious choice loses.</p></header>
<ol class="lessons">${items}</ol>
<section id="questions"><h2>More questions</h2><p class="caption">These belong to no lesson. Try each one aloud before you open it; the command in it runs its experiment.</p>
${loose.map(card => cardView(card, html`<p><b>Take the quiz.</b> <code>npm run quiz ${card.name}</code></p>`))}</section>`,
    script: null,
  })
}

/** What a lesson is about: its first sentence says so. */
function firstSentence(lesson: Lesson): Html {
  const [sentence = ''] =
    /^.+?[.?!](?=\s|$)/s.exec(lesson.cells.find(cell => cell.mode === 'md')?.value.trim() ?? '') ?? []
  return source(markdown.renderInline(sentence))
}
