/** Analyses a call of the gateway: which role is asked, and for what. */
import * as prompts from '../../src/contract/prompts';
import type { ChatBody } from '../support/scripted-gateway';
import { readText } from '../support/scripted-gateway/request';
import { findMarker, type Marker } from './marker';

/** What a role is asked for in one call. */
export type Asked =
  | 'plan'
  | 'critique'
  | 'code'
  | 'review'
  | 'voice'
  | 'summary'
  | 'verdict summary'
  | 'findings as data'
  | 'decision as data'
  | 'text';

export interface Prompt {
  asked: Asked;
  marker: Marker;
  /** The system prompt of the role. */
  system: string;
  /** The whole text of the call's messages. */
  text: string;
  /** The number of earlier calls with this marker. */
  call: number;
}

const BY_SYSTEM: readonly [system: string, asked: Asked][] = [
  [prompts.STRATEGIST, 'plan'],
  [prompts.PLAN_CRITIC, 'critique'],
  [prompts.CODER, 'code'],
  [prompts.SECOND_CODER, 'code'],
  [prompts.CODE_REVIEWER, 'review'],
  [prompts.OPTIMIST, 'voice'],
  [prompts.SCEPTIC, 'voice'],
  [prompts.MEDIATOR, 'voice'],
  [prompts.MODERATOR, 'summary'],
  [prompts.CONSENSUS_MODERATOR, 'summary'],
];
const OPENING_LENGTH = 40;

/** `countCalls` returns the number of earlier calls with the marker; undefined for a call without a marker. */
export function readPrompt(body: ChatBody, countCalls: (marker: Marker) => number): Prompt | undefined {
  const texts = body.messages.map(({ content }) => readText(content));
  const text = texts.join('\n');
  const marker = findMarker(text);
  if (!marker) return undefined;
  const system = body.messages[0]?.role === 'system' ? texts[0]! : '';
  return { asked: readAsked(system, texts), marker, system, text, call: countCalls(marker) };
}

function readAsked(system: string, texts: string[]): Asked {
  // the repair prompt of a structure repeats the question before it
  const rest = texts.slice(1);
  if (rest.some((text) => text.includes(prompts.STRUCTURE_REQUESTS.judge))) return 'decision as data';
  const findings = [prompts.STRUCTURE_REQUESTS.critic, prompts.PLAN_CRITIC_REQUEST];
  if (rest.some((text) => findings.some((request) => text.includes(request)))) return 'findings as data';
  const [, asked = 'text'] = BY_SYSTEM.find(([known]) => system.startsWith(known.slice(0, OPENING_LENGTH))) ?? [];
  const isReview = asked === 'summary' && rest.some((text) => text.includes(prompts.VERDICT_REQUEST));
  return isReview ? 'verdict summary' : asked;
}
