/** Example tasks that show what each swarm is for. */
import { COORDINATE } from '../../contract/names';
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
  'debate-swarm': {
    icon: 'debate',
    verb: 'Weigh a question',
    examples: [
      'Should we use Kubernetes?',
      'Monorepo or one repository per service?',
      'Is it time to move to event sourcing?',
    ],
  },
  'strategic-swarm': {
    icon: 'plan',
    verb: 'Plan a project',
    examples: ['Plan a microservices architecture', 'Plan the move of a shop to another payment provider'],
  },
  'coding-swarm': CODE,
  [COORDINATE]: {
    icon: 'pipeline',
    verb: 'Plan, build, review',
    examples: [
      'Design and implement a URL shortener in Python',
      'Build a command line tool that finds duplicate files',
    ],
  },
};

const OWN: Kind = { icon: 'message', verb: 'Ask', examples: [] };

/** Looks up a kind by the id of a swarm. */
export const findKind = (swarmId: string): Kind => KINDS[swarmId] ?? OWN;
/** The order in which swarms are offered. */
export const KIND_ORDER = Object.keys(KINDS);
