// Chooses the reply to a request: rules on the body first, then the model's queue, its standing reply, and the default.
import { z } from 'zod';

import { Reply } from './reply';
import { askedModel, lastText, type ChatBody } from './request';

/** A rule as data: all given conditions must hold. */
const Match = z.strictObject({
  model: z.string().optional(),
  lastMessageIncludes: z.string().optional(),
  /** Anywhere in the JSON of the request body. */
  bodyIncludes: z.string().optional(),
});
type Match = z.infer<typeof Match>;
type Predicate = (body: ChatBody) => boolean;

/** Scripts as they are sent to a separate process. */
export const ScriptMessage = z.strictObject({
  script: z.record(z.string(), z.array(Reply)).optional(),
  always: z.record(z.string(), Reply).optional(),
  when: z.array(z.strictObject({ match: Match, reply: z.union([Reply, z.array(Reply)]) })).optional(),
  defaultReply: Reply.optional(),
});
export type ScriptMessage = z.infer<typeof ScriptMessage>;

export interface Scripts {
  /** Adds replies to the model's queue; each is used once. */
  script: (model: string, replies: Reply | readonly Reply[]) => void;
  /** Sets the reply of the model for when its queue is empty. */
  always: (model: string, reply: Reply) => void;
  /** Answers matching requests before any queue; a single reply stays, a list is used up. The first rule applies. */
  scriptWhen: (match: Match | Predicate, reply: Reply | readonly Reply[]) => void;
  /** Accepts a whole, validated message of scripts. */
  accept(message: ScriptMessage): void;
  next(body: ChatBody): Reply;
  reset(): void;
}

interface Rule {
  matches: Predicate;
  standing?: Reply;
  queue: Reply[];
}

export function createScripts(defaultReply: Reply = {}): Scripts {
  const queues = new Map<string, Reply[]>();
  const standing = new Map<string, Reply>();
  let rules: Rule[] = [];
  let fallback = Reply.parse(defaultReply);

  const scripts: Scripts = {
    script(model, replies) {
      const queue = queues.get(model) ?? [];
      for (const reply of [replies].flat()) queue.push(Reply.parse(reply));
      queues.set(model, queue);
    },
    always: (model, reply) => void standing.set(model, Reply.parse(reply)),
    scriptWhen(match, reply) {
      const matches = typeof match === 'function' ? match : readPredicate(Match.parse(match));
      const isList = Array.isArray(reply);
      const queue = Reply.array().parse([reply].flat());
      rules.push(isList || !queue[0] ? { matches, queue } : { matches, queue: [], standing: queue[0] });
    },
    accept(message) {
      for (const [model, replies] of Object.entries(message.script ?? {})) scripts.script(model, replies);
      for (const [model, reply] of Object.entries(message.always ?? {})) scripts.always(model, reply);
      for (const { match, reply } of message.when ?? []) scripts.scriptWhen(match, reply);
      fallback = message.defaultReply ?? fallback;
    },
    next(body) {
      const rule = rules.find(({ matches, standing, queue }) => (standing || queue.length > 0) && matches(body));
      if (rule) return rule.queue.shift() ?? rule.standing ?? fallback;
      const model = askedModel(body);
      return queues.get(model)?.shift() ?? standing.get(model) ?? fallback;
    },
    reset() {
      queues.clear();
      standing.clear();
      rules = [];
      fallback = defaultReply;
    },
  };
  return scripts;
}

function readPredicate({ model, lastMessageIncludes, bodyIncludes }: Match): Predicate {
  return (body) =>
    (model === undefined || askedModel(body) === model) &&
    (lastMessageIncludes === undefined || lastText(body).includes(lastMessageIncludes)) &&
    (bodyIncludes === undefined || JSON.stringify(body).includes(bodyIncludes));
}
