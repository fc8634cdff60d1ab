/** Lets the browser save data as a JSON file. */
export function saveFile(name: string, data: unknown) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Firefox reads the file only after this.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
