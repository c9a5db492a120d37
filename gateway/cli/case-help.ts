/** What the help of the verbs of a case says beyond their options. */
export const caseHelp = {
  show: `
<id> is a case reference (it stands in every notice) or a stay. In: each message, stored and answered. Out: each notice
with the time it was due, the first attempt, the hand-over, and what their system and a person said of it.

Exit codes: 0 all is well; 1 a notice waits for a person: refused, unresolved, unroutable, held; 2 wrong use, no case.`,
  export: `
  hemgang case export 0192… --evidence --reason 'dispute of the bill for March, ref 4711' --out ./evidence

Writes evidence-<case>-<time>.json, signed, and a page in Swedish of the same name. By default they hold no names,
numbers or addresses: what was sent is proven by its SHA-256, which the receiver can hold against what it has. The
export is written into the audit before anything is read; --reason stands there and in the file. --with-content of a
person who has or had protected identity asks for --protected-identity besides: why, for the audit, the file and the page.

Exit codes: 0 written; 1 the journal or the disk failed; 2 wrong use, or no such case.`,
  verify: `
Reads the file and the page alone: it works on any machine that has this program. How to check them without it, by
openssl and sha256sum, and what each part is: gateway/evidence/README.md

  hemgang case verify evidence-….json --key region.pem
  hemgang case verify evidence-….json --key 3f1c…   # the fingerprint that hemgang evidence key prints

Exit codes: 0 it is what was signed, and by a key of --key where there are any; 1 it is not; 2 wrong use, no such file.`,
  key: `
Give the fingerprint to whoever will check evidence, by another way than the evidence itself.

  hemgang evidence key > region.pem

Exit codes: 0 printed; 2 wrong use or configuration.`,
};
