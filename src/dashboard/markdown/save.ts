/** Saves text as a file of the reader's machine. */

/** Some browsers read the content only after the click has been handled. */
const KEPT_MS = 10_000;

/** Characters of the name that no file system likes become hyphens. `type` is the media type. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[^\w.-]+/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
