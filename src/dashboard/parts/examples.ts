/** Tasks that show what each swarm is for. */
import type { IconName } from './icons';

interface Kind {
  icon: IconName;
  /** What the swarm does, in three words. */
  verb: string;
  examples: string[];
}

const CODE: Kind = {
  icon: 'code',
  verb: 'Write code',
  examples: ['Write a Python function to calculate fibonacci', 'Write a rate limiter with a token bucket'],
};

const KINDS: Record<string, Kind> = {
  debate: {
    icon: 'debate',
    verb: 'Weigh a question',
    examples: [
      'Should we use Kubernetes?',
      'Monorepo or one repository per service?',
      'Is it time to move to event sourcing?',
    ],
  },
  strategic: {
    icon: 'plan',
    verb: 'Plan a project',
    examples: ['Plan a microservices architecture', 'Plan the move of a shop to another payment provider'],
  },
  build: CODE,
  coding: CODE,
  coordinate: {
    icon: 'pipeline',
    verb: 'Plan, build, review',
    examples: [
      'Design and implement a URL shortener in Python',
      'Build a command line tool that finds duplicate files',
    ],
  },
};

const OWN: Kind = { icon: 'message', verb: 'Ask', examples: [] };

/** By the pattern of a swarm. */
export const kindOf = (pattern: string): Kind => KINDS[pattern] ?? OWN;
/** The order in which swarms are offered. */
export const KIND_ORDER = Object.keys(KINDS);
