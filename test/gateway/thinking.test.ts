/** Thinking inside a text is separated from the answer, however the text is split and whatever tags the vendor uses. */
import fc from 'fast-check';
import { ThinkingFilter, type ThinkingOptions } from '../../src/gateway/thinking';
import { TAGS } from '../../src/gateway/thinking-tags';

interface Reported {
  text: string;
  thinking: string;
  /** How often text was retracted. */
  retracts: number;
}

function filter(pieces: readonly string[], options: ThinkingOptions = {}, isWhole = true): Reported {
  const reported: Reported = { text: options.before ?? '', thinking: '', retracts: 0 };
  const reader = new ThinkingFilter(
    {
      onText: (text) => void (reported.text += text),
      onThinking: (thinking) => void (reported.thinking += thinking),
      onRetract(thinking) {
        reported.text = '';
        reported.thinking = thinking;
        reported.retracts++;
      },
    },
    options,
  );
  pieces.forEach((piece) => reader.take(piece));
  reader.finish(isWhole);
  return reported;
}

/** Reads the text as a whole and character by character: both must give the same result. */
function read(text: string, options?: ThinkingOptions, isWhole?: boolean): Pick<Reported, 'text' | 'thinking'> {
  const [whole, single] = [filter([text], options, isWhole), filter([...text], options, isWhole)];
  const parts = ({ text: shown, thinking }: Reported) => ({ text: shown, thinking: thinking.trim() });
  expect(parts(single)).toEqual(parts(whole));
  return parts(whole);
}

describe('thinking is removed', () => {
  it.each<[string, string, string, string]>([
    ['at the beginning', '<think>Hm.</think>The answer.', 'Hm.', 'The answer.'],
    ['on lines of its own', '<think>\nHm.\n</think>\n\nThe answer.', 'Hm.', 'The answer.'],
    ['behind white space', '\n  <think>Hm.</think>\nThe answer.', 'Hm.', 'The answer.'],
    ['in another case', '<THINK>Hm.</Think>The answer.', 'Hm.', 'The answer.'],
    ['with attributes', '<think type="deep">Hm.</think>The answer.', 'Hm.', 'The answer.'],
    ['that is empty', '<think>\n\n</think>\n\nThe answer.', '', 'The answer.'],
    ['in several blocks', '<think>One.</think>\n<think>Two.</think>\nThe answer.', 'One.Two.', 'The answer.'],
    ['before code', '<think>Hm.</think>\n\n```python\nx = 1\n```', 'Hm.', '```python\nx = 1\n```'],
    ['before an indented line', '<think>Hm.</think>\n    x = 1', 'Hm.', '    x = 1'],
    ['that is never closed', '<think>Hm. I will say: against.', 'Hm. I will say: against.', ''],
    [
      'that quotes its own mark',
      '<think>They ask for `</think>`. Hm.</think>Yes.',
      'They ask for `</think>`. Hm.',
      'Yes.',
    ],
    [
      'that quotes a pair',
      '<think>re.sub("<think>.*</think>", "")\n</think>\nYes.',
      're.sub("<think>.*</think>", "")',
      'Yes.',
    ],
    [
      'with a mark in its code',
      '<think>So:\n```\n<think>\na\n</think>\n```\nHm.\n</think>\nYes.',
      'So:\n```\n<think>\na\n</think>\n```\nHm.',
      'Yes.',
    ],
  ])('%s', (_, text, thinking, answer) => {
    expect(read(text)).toEqual({ text: answer, thinking });
  });

  it.each(TAGS.map(({ opens, closes, answer }) => [opens[0]!, closes[0]!, answer] as const))(
    'between %s and %s',
    (open, close, answer) => {
      const text = `${open}Hm, VERDICT: REVISE.${close}${answer?.opens[0] ?? ''}The answer.${answer?.closes[0] ?? ''}`;
      expect(read(text)).toEqual({ text: 'The answer.', thinking: 'Hm, VERDICT: REVISE.' });
    },
  );

  it.each<[string, string]>([
    ['on a line of its own', 'Okay, they ask for a plan.\nHm.\n</think>\n\nThe answer.'],
    ['behind a sentence', 'Okay, they ask for a plan.\nHm.</think>The answer.'],
    ['between words', 'Okay, they ask for a plan.\nHm</think>The answer.'],
    ['of another vendor', 'Okay, they ask for a plan.\nHm.\n[/THINK]The answer.'],
    ['behind code', 'Okay:\n```\nx\n```\nHm.\n</think>\nThe answer.'],
    ['behind a mention', 'They ask what `<think>` and <think> mean.\nHm.\n</think>\n\nThe answer.'],
  ])('before a lone closing tag, %s', (_, text) => {
    const reported = read(text);
    expect(reported.text).toBe('The answer.');
    expect(reported.thinking).toMatch(/^(?:Okay|They)[\s\S]*Hm\.?$/);
  });

  it('before a lone closing tag, with a retraction only if text was already shown', () => {
    const text = 'Okay.\n</think>\nThe answer.';
    expect([filter([text]).retracts, filter([...text]).retracts]).toEqual([0, 1]);
  });

  it('before a lone closing tag, in a text that continues an earlier attempt', () => {
    expect(read(' it.\n</think>\nThe answer.', { before: 'Okay, I think about' })).toEqual({
      text: 'The answer.',
      thinking: 'Okay, I think about it.',
    });
  });

  it('if the answer follows the only closing tag, which seemed to be quoted', () => {
    expect(read('<think>What is <think>?</think>The answer.').text).toBe('The answer.');
    expect(read('<think>What is <think>?</think>The rest of a tho', {}, false).text).toBe('');
  });
});

describe('the answer is unchanged', () => {
  it.each([
    'No marks at all.',
    '\n\n  Indented, with white space before it.',
    '<thin air> is no mark.',
    '<thinker>is an element</thinker>',
    '[thinking about it] is no mark.',
    'Models write `<think>Hm.</think>` before they answer.',
    'Models write <think>Hm.</think> before they answer.',
    'The mark is:\n\n```xml\n<think>\nHm.\n</think>\n```\n\nThat is all.',
    'The mark is:\n\n<think>\nHm.\n</think>\n\nThat is all.',
    '```xml\n<think>\nHm.\n</think>\n```',
    'The thoughts end with </think> and then comes the answer.',
    'The thoughts end with </think>.',
    'They end with "</think>" or (</think>).',
    "```python\ntext.split('</think>')\n```",
    'Use `</think>`\nto end it.',
    '~~~\n</think>\n~~~\nEnd.',
    '</think> is the closing tag.',
    '<',
    '<think',
    'a < b, c > d',
    '',
  ])('%j', (text) => {
    expect(read(text)).toEqual({ text, thinking: '' });
  });

  it('when it continues a text that readers already have', () => {
    const before = 'The marks are:\n```\n<think>\n';
    expect(read('</think>\n```\nDone.', { before })).toEqual({
      text: `${before}</think>\n\`\`\`\nDone.`,
      thinking: '',
    });
    expect(read('<think>\n```', { before: 'See:\n```\n' })).toEqual({ text: 'See:\n```\n<think>\n```', thinking: '' });
  });

  it('with a tag in what a model was told to repeat, and thinking is still removed', () => {
    const text = "<think>Go on.</think>split('\n</think>\n')";
    expect(read(text, { goesOn: true })).toEqual({ text: "split('\n</think>\n')", thinking: 'Go on.' });
  });

  it('and passed on at once: only a possible tag is held back', () => {
    const pieces: string[] = [];
    const sink = {
      onText: (text: string) => void pieces.push(text),
      onThinking: () => undefined,
      onRetract: () => undefined,
    };
    const reader = new ThinkingFilter(sink);
    ['A', ' flock', ' </b> turns'].forEach((piece) => reader.take(piece));
    expect(pieces).toEqual(['A', ' flock', ' </b> turns']);
  });
});

test('any text gives the same result, however it is split', () => {
  const part = fc.constantFrom(
    ...[
      '<think>',
      '</think>',
      '[THINK]',
      '[/THINK]',
      '<',
      '</',
      'think>',
      '`',
      '```\n',
      '\n',
      '\n\n',
      ' ',
      '"',
      'Hm.',
      ' word',
    ],
    ...['<thinking>', '</thinking>', 'Answer', '.', '<|channel|>analysis<|message|>', '<|end|>', '🐦', '    '],
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 14 }),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      fc.constantFrom('', 'Before\n', 'See:\n```\n'),
      fc.boolean(),
      (parts, lengths, isWhole, before, goesOn) => {
        const text = parts.join('');
        const pieces: string[] = [];
        for (let at = 0, i = 0; at < text.length; i++) {
          const length = 1 + lengths[i % lengths.length]!;
          pieces.push(text.slice(at, at + length));
          at += length;
        }
        const [whole, cut] = [filter([text], { before, goesOn }, isWhole), filter(pieces, { before, goesOn }, isWhole)];
        expect(cut.text).toBe(whole.text);
        expect(cut.thinking.trim()).toBe(whole.thinking.trim());
      },
    ),
    {
      numRuns: 3000,
      verbose: 1,
      examples: [
        [['<|channel|>analysis<|message|>', '<|end|>', '<|end|>', '<|end|>'], [0], false, '', false],
        [['<|channel|>analysis<|message|>', '<|end|>', 'Answer<|e', '<|end|>', 'nd|>'], [3], true, '', false],
      ],
    },
  );
});
