import { expect, test } from 'vitest'
import { html, jsonForScript, sentence, source } from './html.ts'

test('what is put in is escaped, what the tag made is not, false and null vanish', () => {
  const inner = html`<b title="${'"<&>\''}">${1}</b>`
  expect(html`<p>${inner}${'<i>'}${false}${null}${[inner, 'x']}</p>`.text).toBe(
    '<p><b title="&#34;&#60;&#38;&#62;&#39;">1</b>&#60;i&#62;<b title="&#34;&#60;&#38;&#62;&#39;">1</b>x</p>',
  )
})

test('backticks in a sentence become code, and stay escaped', () => {
  expect(sentence('slots of `<prefork>` are `open').text).toBe('slots of <code>&#60;prefork&#62;</code> are `open')
})

test('nothing inside a script element can end it', () => {
  expect(jsonForScript({ name: '</script><!--' }).text).toBe('{"name":"\\u003c/script>\\u003c!--"}')
  expect(source('a = "</SCRIPT>"; b = "</style>"').text).toBe('a = "<\\/SCRIPT>"; b = "<\\/style>"')
})
