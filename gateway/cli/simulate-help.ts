/** What the help of `hemgang simulate municipality` says beyond its options. */
import {
  behaviourWords,
  channels,
  moreOf,
  tlsChannels,
  wordsOf,
} from '../../adapters/simulated/municipality/behaviour.ts';

const wordLines = Object.entries(behaviourWords).map(
  ([word, meaning]) => `  ${word.padEnd(20)}${meaning}`,
);
const channelLines = channels.map((channel) => {
  const more = [
    ...(moreOf[channel] === undefined ? [] : [moreOf[channel]]),
    ...(tlsChannels.includes(channel) ? ['with --tls expired-certificate, other-name'] : []),
  ];
  const lines = folded([...wordsOf[channel], ...more].join(', '), 88);
  return lines
    .map((line, index) => `  ${(index === 0 ? channel : '').padEnd(10)}${line}`)
    .join('\n');
});

function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

export const simulateHelp = `
It prints what to put into hemgang.yaml for the channels it has opened, with their addresses, the host key and the secrets,
and then a line for each thing that comes, without the person. Nothing of it is for real patients.

  hemgang simulate municipality --channels sftp
  hemgang simulate municipality --channels webhook,mllp --behave mllp=busy --acknowledge-after 5m
  curl http://127.0.0.1:8099/received          what came over all channels, in order (a page in a browser)
  curl http://127.0.0.1:8099/received/3        number 3 as it came, the person and all

While it runs it can be told more: typed, or curl -d 'behave sftp full' http://127.0.0.1:8099/do. help lists what.

What a channel may be told to do:
${wordLines.join('\n')}

Which channel does which:
${channelLines.join('\n')}

Exit codes: 0 ended by signal; 2 wrong use, or a port is taken.`;
