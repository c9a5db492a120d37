/** How the page looks and what its filters do. Light, readable without colour, and whole on paper. */
export const style = `
:root { color-scheme: light; --ink: #1b2733; --quiet: #556372; --line: #d5dce3; --pale: #f4f7f9; --accent: #0b5a7a;
  --fine: #1d6b3a; --bad: #a3231f; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 4rem; background: #fff; color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 2px solid var(--line); font-size: 1.3rem; }
h3 { margin: 1.1rem 0 .4rem; font-size: 1rem; }
h3:first-child { margin-top: 0; }
.lead { max-width: 58rem; margin: 0 0 1rem; color: var(--quiet); }
.verdict { margin: 1rem 0; padding: .7rem 1rem; border-left: 5px solid; background: var(--pale); font-weight: 600; }
.fine { color: var(--fine); }
.bad { color: var(--bad); }
.figures { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0; }
.figures dt { color: var(--quiet); font-size: .85rem; }
.figures dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-top: 1rem; }
a { color: var(--accent); }
code { font: .92em/1.4 ui-monospace, "Cascadia Mono", Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
td > code, .whole, .when { white-space: nowrap; }
.quiet, .none, .why { color: var(--quiet); }
.quiet { font-size: .9em; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--quiet); font-size: .85rem; font-weight: 600; white-space: nowrap; }
th:empty { padding: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.badge { display: inline-block; min-width: 5.2rem; padding: .05rem .5rem; border: 1px solid currentColor; border-radius: .25rem;
  font-size: .8rem; font-weight: 600; text-align: center; white-space: nowrap; color: var(--quiet); background: #fff; }
.badge.accepted, .badge.met { color: var(--fine); }
.badge.refused, .badge.error, .badge.unmet { color: #fff; background: var(--bad); border-color: var(--bad); }
.badge.parked, .badge.warning, .badge.unknown { color: #6b4500; background: #fff4d6; }
.badge.pending { color: var(--accent); }
details { border: 1px solid var(--line); border-radius: .35rem; margin: .35rem 0; background: #fff; }
summary { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .75rem; padding: .45rem .75rem; cursor: pointer; }
summary::before { content: "▸"; color: var(--quiet); }
details[open] > summary::before { content: "▾"; }
summary::-webkit-details-marker { display: none; }
summary:hover { background: var(--pale); }
summary:focus-visible, a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible {
  outline: 3px solid #2a8fbd; outline-offset: 1px; }
.mark { width: 1rem; font-weight: 700; }
.kind { min-width: 5.5rem; font-weight: 600; }
.file { overflow-wrap: anywhere; }
.inside { padding: .75rem 1rem 1rem 2rem; border-top: 1px solid var(--line); }
.filters { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; margin: 0 0 .75rem; padding: .75rem;
  background: var(--pale); border-radius: .35rem; }
.filters[hidden], [hidden] { display: none; }
.filters input[type="search"] { width: 15rem; }
input, select, button { font: inherit; padding: .2rem .4rem; border: 1px solid #8896a4; border-radius: .25rem; background: #fff;
  color: inherit; }
fieldset { display: flex; flex-wrap: wrap; gap: .25rem .9rem; margin: 0; padding: 0; border: 0; }
legend { float: left; margin-right: .9rem; padding: 0; color: var(--quiet); }
.terms dt { font-weight: 600; }
.terms dd { margin: 0 0 .6rem; max-width: 58rem; }
footer { margin-top: 3rem; padding-top: .75rem; border-top: 2px solid var(--line); color: var(--quiet); font-size: .9rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  body { padding: 1rem .75rem 3rem; }
  table { font-size: .85rem; }
  th, td { padding-right: .45rem; }
  .inside { padding: .5rem .75rem .75rem; }
  .badge { min-width: 0; }
}
@media print {
  @page { margin: 15mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .filters { display: none; }
  h2, h3, summary { break-after: avoid; }
  tr, .figures { break-inside: avoid; }
  details { border: 0; border-top: 1px solid var(--line); border-radius: 0; }
  details::details-content { content-visibility: visible; height: auto; }
  summary::before { content: none !important; }
  .inside { padding-left: 1rem; border: 0; }
  .badge, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

export const script = `
(() => {
  const byId = (id) => document.getElementById(id);
  const messages = [...document.querySelectorAll('details.message')];
  const texts = new Map(messages.map((one) => [one, one.textContent.toLowerCase()]));
  const filters = byId('filters');
  const apply = () => {
    const words = byId('find').value.toLowerCase().split(/\\s+/).filter(Boolean);
    const kind = byId('kind').value;
    const outcomes = new Set([...filters.querySelectorAll('[name=outcome]:checked')].map((box) => box.value));
    let count = 0;
    for (const one of messages) {
      const { outcome, kind: own, failed } = one.dataset;
      const isShown = outcomes.has(outcome) && (kind === '' || kind === own) &&
        (!byId('failed').checked || failed === 'yes') && words.every((word) => texts.get(one).includes(word));
      one.hidden = !isShown;
      if (isShown) count += 1;
    }
    byId('count').textContent = count + ' of ' + messages.length + ' shown';
  };
  const openAll = (isOpen) => { for (const one of messages) if (!one.hidden) one.open = isOpen; };
  filters.hidden = false;
  filters.addEventListener('input', apply);
  filters.addEventListener('submit', (event) => event.preventDefault());
  byId('open').addEventListener('click', () => openAll(true));
  byId('close').addEventListener('click', () => openAll(false));
  const closed = [];
  addEventListener('beforeprint', () => {
    for (const one of document.querySelectorAll('details:not([open])')) { one.open = true; closed.push(one); }
  });
  addEventListener('afterprint', () => { for (const one of closed.splice(0)) one.open = false; });
  apply();
})();
`;
