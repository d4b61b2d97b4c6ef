// Question cards as HTML: the question in sight, the answers behind it, so that a reader may try first. In a report they stand
// with what that very run says of them; in a lesson with the command that settles them.
import type { ScenarioRecord } from '../../core/record.ts'
import { type Card, proofOf, readCards } from '../questions.ts'
import { type Content, type Html, html, sentence } from './html.ts'

const proofWords = {
  proved: 'This run bears it out.',
  refuted: 'This run speaks against it.',
  undecided: 'This run leaves it undecided.',
  absent: 'This run did not ask for it.',
}

/** The questions that the scenario of this record answers; null when there is none. */
export function questions(record: ScenarioRecord): Html | null {
  const cards = readCards().filter(card => card.words[0] === record.scenario)
  if (cards.length === 0) return null
  const items = cards.map(card => {
    const { status, claims } = proofOf(card, record.claims)
    const evidence = claims.map(({ claim, evidence }) => html`<li>${sentence(claim)} ${sentence(evidence)}</li>`)
    return cardView(card, html`<p><b>${proofWords[status]}</b></p>${claims.length > 0 && html`<ul>${evidence}</ul>`}`)
  })
  return html`<section id="questions"><h2>Questions this run answers</h2>
<p class="caption">Try each one before you open it. <code>npm run quiz</code> asks for a prediction first and then runs the experiment.</p>
${items}</section>`
}

/** One card. `ending` stands below the answers. */
export function cardView(card: Card, ending: Content): Html {
  return html`<details class="card"><summary>${sentence(card.question)}</summary>
<p class="trap"><b>The trap.</b> ${sentence(card.trap)}</p>
<p><b>A strong answer.</b> ${sentence(card.answer)}</p>
${card.strong.map(paragraph => html`<p>${sentence(paragraph)}</p>`)}
<p><b>Try it.</b> <code>${card.experiment}</code></p>
${ending}
<p><b>What may be asked next</b></p>
<ul>${card.followUps.map(text => html`<li>${sentence(text)}</li>`)}</ul>
</details>`
}
