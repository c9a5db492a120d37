/** What a running simulated municipality can be told, in a line: typed, or sent to it by HTTP. */
import { asGatewayError, GatewayError } from '../../../gateway/errors.ts';
import { disputeCauses } from '../../../gateway/process/events.ts';
import { lineOf, type Received } from './received.ts';
import { answerWords, type AnswerWord, type Dispute, type WholeMunicipality } from './whole.ts';

export const commandHelp = `list                            what came, in the order of arrival
show N                          the content of number N, the person and all
acknowledge N                   a person has read notice N (kvittens)
received N                      their system has received notice N
not-ours N                      the patient of notice N is not their resident
dispute N [CAUSE] [1,2]         the municipality disputes invoice N, or lines of it; causes are
                                ${disputeCauses.join(', ')}
behave CHANNEL WORD [TIMES]     from now on, or for so many messages; accept: well again
help`;

/**
 * Does what a line says.
 * @returns the lines of the answer; of a line that makes no sense, why
 */
export async function obey(municipality: WholeMunicipality, line: string): Promise<string[]> {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  try {
    return await done(municipality, verb, words);
  } catch (thrown) {
    return asGatewayError(thrown).message.split('\n');
  }
}

async function done(
  municipality: WholeMunicipality,
  verb: string,
  words: readonly string[],
): Promise<string[]> {
  const { received } = municipality;
  if (verb === '') return [];
  if (verb === 'help') return commandHelp.split('\n');
  if (verb === 'list') return received.all().map(lineOf);
  if (verb === 'show') {
    const { number } = named(municipality, words);
    return [received.contentOf(number) ?? `the content of ${number} has made room for later ones`];
  }
  if (verb === 'behave') {
    const [channel = '', word = '', times] = words;
    if (word === '' || (times !== undefined && !/^[1-9]\d{0,3}$/.test(times))) {
      throw wrong('say: behave CHANNEL WORD, or behave CHANNEL WORD TIMES');
    }
    await municipality.behave(channel, word, times === undefined ? undefined : Number(times));
    return [`${channel}: ${word}${times === undefined ? '' : `, ${times} times`}`];
  }
  if (!isAnswer(verb)) throw wrong(`${verb}: not known; help shows what is`);
  const one = named(municipality, words);
  return [await municipality.answer(one, verb, verb === 'dispute' ? disputeOf(words) : undefined)];
}

function named({ received }: WholeMunicipality, [number = '']: readonly string[]): Received {
  const one = /^\d{1,9}$/.test(number) ? received.byNumber(Number(number)) : undefined;
  if (!one) throw wrong(`${number || 'which'}: no number of what came; list shows them`);
  return one;
}

function disputeOf([, word = 'amount', places]: readonly string[]): Dispute {
  const cause = disputeCauses.find((one) => one === word);
  if (cause === undefined) throw wrong(`${word}: no cause; there are ${disputeCauses.join(', ')}`);
  if (places === undefined) return { cause };
  if (!/^[1-9]\d{0,4}(,[1-9]\d{0,4})*$/.test(places)) throw wrong(`${places}: write lines as 1,2`);
  return { cause, lines: places.split(',').map(Number) };
}

const isAnswer = (verb: string): verb is AnswerWord => Object.hasOwn(answerWords, verb);

const wrong = (what: string): GatewayError => new GatewayError('configuration-invalid', what);
