// Builds every lesson and the index into a folder: static pages that open from the disk.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCards } from '../../reports/questions.ts'
import { bundle } from './bundle.ts'
import { readLessons } from './lesson.ts'
import { indexPage, lessonPage } from './page.ts'

export interface Built {
  readonly file: string
  readonly bytes: number
}

/** Writes index.html and a page for each lesson; `say` is told of each when it is written. @throws when one cannot be built. */
export async function buildNotebooks(folder: string, say: (built: Built) => void): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const write = (file: string, text: string) => {
    writeFileSync(join(folder, file), text)
    say({ file, bytes: Buffer.byteLength(text) })
  }
  const lessons = readLessons()
  const cards = readCards()
  for (const [at, lesson] of lessons.entries()) {
    const own = cards.filter(card => card.lesson === lesson.name)
    write(`${lesson.file}.html`, lessonPage(lesson, await bundle(lesson), own, lessons[at + 1] ?? null))
  }
  write('index.html', indexPage(lessons, cards))
}
