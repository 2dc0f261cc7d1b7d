/** Copies text to the clipboard, also on plain-HTTP pages, where browsers do not provide the clipboard API. */

const THANKS_MS = 1500;

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'off-screen';
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  return copied;
}

/** Copies the text and briefly confirms it on the button. */
export async function copyWithThanks(button: HTMLElement, text: string): Promise<void> {
  const before = button.dataset.label ?? button.textContent ?? '';
  button.dataset.label = before;
  button.textContent = (await copyText(text)) ? 'Copied' : 'Not copied';
  setTimeout(() => (button.textContent = before), THANKS_MS);
}

/** Handles the copy buttons of all code blocks, including later ones. */
export function serveCopyButtons(): void {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-copy="code"]') : null;
    const code = button?.closest('figure')?.querySelector('code');
    if (button && code) void copyWithThanks(button, code.textContent ?? '');
  });
}
