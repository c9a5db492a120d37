/** What every page of ours has around its body: it asks the network for nothing, and looks like the others. */
import { style } from './html-look.ts';
import { html, Markup, type Content } from './markup.ts';

export interface DocumentHead {
  /** BCP 47. */
  readonly lang: 'en' | 'sv';
  readonly title: string;
  /** CSS beside what all pages have. */
  readonly ownStyle?: string;
  /** JavaScript of the page; without it nothing on the page may run. */
  readonly script?: string;
}

/** @returns the page, UTF-8 */
export function htmlDocument(
  { lang, title, ownStyle = '', script }: DocumentHead,
  body: Content,
): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'${script === undefined ? '' : "; script-src 'unsafe-inline'"}`;
  return html`<!doctype html>
    <html lang="${lang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}" />
        <title>${title}</title>
        <style>
          ${new Markup(style)}
          ${new Markup(ownStyle)}
        </style>
      </head>
      <body>
        ${body}
        ${
          script === undefined
            ? undefined
            : html`<script>
                ${new Markup(script)};
              </script>`
        }
      </body>
    </html> `.text;
}
