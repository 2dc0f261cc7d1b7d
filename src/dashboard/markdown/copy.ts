/** Copies text to the clipboard, on plain-HTTP addresses as well, where browsers withhold the clipboard interface. */

const THANKS_MS = 1500;

export async function copyText(text: string): Promise<boolean> {
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

/** Copies, and says so on the button for a moment. */
export async function copyWithThanks(button: HTMLElement, text: string): Promise<void> {
  const before = button.dataset.label ?? button.textContent ?? '';
  button.dataset.label = before;
  button.textContent = (await copyText(text)) ? 'Copied' : 'Not copied';
  setTimeout(() => (button.textContent = before), THANKS_MS);
}

/** Serves the copy buttons of all code blocks, present and future. */
export function serveCopyButtons(): void {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>('[data-copy="code"]') : null;
    const code = button?.closest('figure')?.querySelector('code');
    if (button && code) void copyWithThanks(button, code.textContent ?? '');
  });
}
