import { createAnswerText } from '../../src/local-model/answer-text';
import { createScriptedModel } from './scripted-model';

const { detokenize, tokenize } = createScriptedModel({ answer: () => '' });

function pushAll(text: string, stop: readonly string[] = []): { pieces: string[]; rest: string; isStopped: boolean } {
  const answer = createAnswerText(detokenize, stop);
  const pieces = tokenize(text).map((token) => answer.push(token));
  return { pieces, rest: answer.flush(), isStopped: answer.isStopped };
}

test('each token is returned at once', () => {
  expect(pushAll('abc').pieces).toEqual(['a', 'b', 'c']);
});

test('a character of several tokens is returned whole, with its last token', () => {
  expect(pushAll('a🦜é').pieces).toEqual(['a', '', '', '', '🦜', '', 'é']);
});

test('an incomplete character at the end is dropped', () => {
  const answer = createAnswerText(detokenize, []);
  expect(
    tokenize('🦜')
      .slice(0, 2)
      .map((token) => answer.push(token)),
  ).toEqual(['', '']);
  expect(answer.flush()).toBe('');
});

test('a replacement character that the model really wrote is not held forever', () => {
  expect(pushAll('\uFFFDabc').pieces.join('')).toBe('\uFFFDabc');
});

test('no part of a stop string is returned, and nothing after it', () => {
  expect(pushAll('one ENDtwo', ['END'])).toEqual({
    pieces: ['o', 'n', 'e', ' ', '', '', '', '', '', ''],
    rest: '',
    isStopped: true,
  });
});

test('the start of a stop string that did not complete is returned', () => {
  expect(pushAll('aEEND', ['END']).pieces.join('')).toBe('aE');
  expect(pushAll('EN', ['END'])).toEqual({ pieces: ['', ''], rest: 'EN', isStopped: false });
});

test('the earliest of several stop strings applies', () => {
  expect(pushAll('a--b##c', ['##', '--']).pieces.join('')).toBe('a');
});
