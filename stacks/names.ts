/** `export.pdf` as `ExportPdf`. */
export const pascalCase = (name: string) =>
  name.replaceAll(/(?:^|[.-])(\w)/g, (_, first: string) => first.toUpperCase());
