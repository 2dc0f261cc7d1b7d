/**
 * Renders model output, which may be hostile: raw HTML is shown as text, images become links, and the result is sanitised by DOMPurify. The
 * page's Content-Security-Policy is the second line of defence.
 */
import DOMPurify from 'dompurify';
import { Marked, type Token } from 'marked';
import { COLOURED_LIMIT, highlight } from './highlight';

const marked = new Marked({
  gfm: true,
  breaks: false,
  renderer: {
    html: ({ text }) => escape(text),
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

const PURIFY = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'hr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'ul', 'ol', 'li', 'pre', 'code', 'span'],
    ...['a', 'em', 'strong', 'del', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  ALLOWED_ATTR: ['href', 'class', 'start', 'align'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  RETURN_DOM_FRAGMENT: true,
} as const;

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** The Markdown blocks of a text. A text that is nested too deeply for the parser becomes a single block of plain text. */
export function parseBlocks(text: string): Token[] {
  try {
    return marked.lexer(text);
  } catch (error) {
    if (error instanceof RangeError) return [{ type: 'code', raw: text, text }];
    throw error;
  }
}

/** Renders one block to safe DOM nodes. */
export function renderBlock(token: Token, colouredLimit = COLOURED_LIMIT): DocumentFragment {
  return finish(sanitize(marked.parser([token])), colouredLimit);
}

function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ...PURIFY,
    ALLOWED_TAGS: [...PURIFY.ALLOWED_TAGS],
    ALLOWED_ATTR: [...PURIFY.ALLOWED_ATTR],
  });
}

function finish(fragment: DocumentFragment, colouredLimit: number): DocumentFragment {
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
  }
  for (const table of fragment.querySelectorAll('table')) frame(table, 'table-frame', 'Table');
  for (const code of fragment.querySelectorAll<HTMLElement>('pre > code')) frameCode(code, colouredLimit);
  for (const heading of fragment.querySelectorAll('h1, h2, h3, h4, h5, h6')) lower(heading);
  return fragment;
}

/** Lowers the level of headings in an answer below the page's own headings. */
function lower(heading: Element): void {
  const level = Math.min(6, Number(heading.tagName.slice(1)) + 3);
  const lowered = document.createElement(`h${level}`);
  lowered.className = `heading-${heading.tagName.slice(1)}`;
  lowered.append(...heading.childNodes);
  heading.replaceWith(lowered);
}

/** Content that is wider than its lane scrolls separately, also by keyboard. */
function frame(content: HTMLElement, className: string, label: string): HTMLElement {
  const box = document.createElement('div');
  box.className = className;
  box.tabIndex = 0;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', label);
  content.replaceWith(box);
  box.append(content);
  return box;
}

function frameCode(code: HTMLElement, colouredLimit: number): void {
  const language = /language-(\S+)/.exec(code.className)?.[1] ?? '';
  const coloured = highlight(code.textContent ?? '', language, colouredLimit);
  if (coloured !== undefined) code.replaceChildren(sanitize(coloured));
  const pre = code.parentElement as HTMLElement;
  const figure = document.createElement('figure');
  figure.className = 'code';
  pre.replaceWith(figure);
  pre.tabIndex = 0;
  pre.setAttribute('role', 'region');
  pre.setAttribute('aria-label', language ? `Code, ${language}` : 'Code');
  figure.append(codeBar(language), pre);
}

/** The bar above a code block; its button copies the block below it, see `copy.ts`. */
function codeBar(language: string): HTMLElement {
  const bar = document.createElement('figcaption');
  const name = document.createElement('span');
  name.textContent = language || 'text';
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'quiet small';
  button.dataset.copy = 'code';
  button.textContent = 'Copy';
  bar.append(name, button);
  return bar;
}
