/** Makes characters visible that control a terminal or change the reading direction, so that model output cannot have that effect. */

const CONTROL_PICTURES = 0x2400;
const DELETE = 0x7f;
/** C0 but tab and line feed, C1, and the marks, overrides and isolates of bidirectional text (UAX #9). */
// eslint-disable-next-line no-control-regex -- these are what it looks for
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

export function visible(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(INVISIBLE, (character) => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(CONTROL_PICTURES + code);
    if (code === DELETE) return '␡';
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}
