// Markdown to HTML, the same where a page is built and in the page itself.
import MarkdownIt from 'markdown-it'

export const markdown = new MarkdownIt({ html: true, typographer: true })
