/** A run as JUnit XML: a test case a message, by file; and one a story that is expected. */
import { grouped } from '../grouped.ts';
import type { ConformanceReport, Failure, MessageResult } from '../result.ts';

/** @returns XML 1.0 in UTF-8; nothing of the clock or the machine is in it */
export function junitXml({ messages, stories, fingerprint, kit }: ConformanceReport): string {
  const suites = grouped(messages, ({ file }) => file);
  const failedMessages = messages.filter(({ failures }) => failures.length > 0).length;
  const failedStories = stories.filter(({ failures }) => failures.length > 0).length;
  const all = messages.length + stories.length;
  const failed = failedMessages + failedStories;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="hemgang conformance" tests="${all}" failures="${failed}" errors="0">`,
    ...[...suites].flatMap(([file, own]) =>
      suiteLines(file, own, [fingerprint.result, kit.hemgang]),
    ),
    ...(stories.length === 0 ? [] : storyLines(stories, failedStories)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines(
  file: string,
  messages: readonly MessageResult[],
  [fingerprint = '', version = '']: readonly string[],
): string[] {
  const failed = messages.filter(({ failures }) => failures.length > 0).length;
  return [
    `  <testsuite name="${escaped(file)}" tests="${messages.length}" failures="${failed}" errors="0" skipped="0">`,
    '    <properties>',
    `      <property name="fingerprint" value="${escaped(fingerprint)}"/>`,
    `      <property name="hemgang" value="${escaped(version)}"/>`,
    '    </properties>',
    ...messages.flatMap((message) => {
      const { position, kind = 'unreadable', controlId = '' } = message;
      return caseLines(`${position} ${kind} ${controlId}`.trimEnd(), file, message.failures, [
        `outcome: ${message.outcome}${message.reason === undefined ? '' : ` (${message.reason})`}`,
        `answer: ${message.answer ?? 'none'}`,
        ...message.events.map(({ type, occurredAt }) => `event: ${occurredAt} ${type}`),
        ...message.remarks.map(
          ({ severity, location, text }) => `${severity}: ${location}: ${text}`,
        ),
        ...message.warnings.map((warning) => `warning: ${warning}`),
      ]);
    }),
    '  </testsuite>',
  ];
}

function storyLines(stories: ConformanceReport['stories'], failed: number): string[] {
  return [
    `  <testsuite name="stories" tests="${stories.length}" failures="${failed}" errors="0" skipped="0">`,
    ...stories.flatMap(({ file, failures }) => caseLines(file, 'stories', failures, [])),
    '  </testsuite>',
  ];
}

function caseLines(
  name: string,
  className: string,
  failures: readonly Failure[],
  said: readonly string[],
): string[] {
  const [first] = failures;
  return [
    `    <testcase name="${escaped(name)}" classname="${escaped(className)}" time="0">`,
    ...(first === undefined
      ? []
      : [
          `      <failure type="${first.kind}" message="${escaped(`${first.at}: ${first.text}`)}">${escaped(
            failures.map(({ at, text }) => `${at}: ${text}`).join('\n'),
          )}</failure>`,
        ]),
    ...(said.length === 0 ? [] : [`      <system-out>${escaped(said.join('\n'))}</system-out>`]),
    '    </testcase>',
  ];
}

/** Text as XML has it. What XML 1.0 cannot hold at all (control characters, lone surrogates) becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
