/** HTML as a tagged template: what is put in is escaped, unless it is markup itself. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | undefined | readonly Content[];

/** @returns markup with every value escaped; lists are joined, and nothing stands for undefined */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(parts.map((part, index) => part + written(values[index])).join(''));
}

function written(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return value.map(written).join('');
}

function escaped(text: string): string {
  return text
    .replace(/\p{Cs}|(?![\t\n\r])\p{Cc}/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A table with a head for every column; nothing where there are no rows. */
export function htmlTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Content[])[],
  numeric: readonly number[] = [],
): Markup {
  if (rows.length === 0) return html``;
  const kind = (column: number): Markup =>
    numeric.includes(column) ? html` class="number"` : html``;
  return html`<div class="wide">
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((title, column) => html`<th scope="col" ${kind(column)}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, column) => html`<td${kind(column)}>${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}
