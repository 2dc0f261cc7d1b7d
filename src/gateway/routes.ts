/** Builds the gateways and the way of each alias through them from configuration. */
import type { Config, GatewayName } from '../config';
import { ALIASES, type Alias } from '../contract/names';
import { compatible } from './endpoints/compatible';
import type { Endpoint } from './endpoints/endpoint';
import { local, LOCAL } from './endpoints/local';
import { openrouter } from './endpoints/openrouter';
import { portkey } from './endpoints/portkey';
import type { Candidate, Routes } from './route';

/** The models of the original service, each followed by what stands in for it today where it is retired. */
const HOSTED_MODELS: Record<Alias, string[]> = {
  strategic: ['anthropic/claude-3-opus', '~anthropic/claude-opus-latest', 'anthropic/claude-opus-4.8'],
  coding: ['openai/gpt-4-turbo-preview', '~openai/gpt-latest', 'openai/gpt-5.5'],
  debate_1: ['google/gemini-pro', '~google/gemini-pro-latest', 'google/gemini-3.1-pro-preview'],
  debate_2: ['meta-llama/llama-2-70b-chat', 'meta-llama/llama-3.3-70b-instruct'],
  fast: ['openai/gpt-3.5-turbo', '~openai/gpt-mini-latest', 'openai/gpt-5.4-mini'],
};

/** The embedded models; the cautious voice speaks through the smaller one, so that a debate has two minds. */
const LARGE = 'qwen2.5-coder-1.5b-instruct';
const SMALL = 'qwen2.5-coder-0.5b-instruct';
const LOCAL_MODELS: Record<Alias, string[]> = {
  strategic: [LARGE],
  coding: [LARGE],
  debate_1: [LARGE],
  debate_2: [SMALL, LARGE],
  fast: [LARGE],
};

const makers: Record<GatewayName, (config: Config) => Endpoint> = {
  gateway: ({ GATEWAY_URL, GATEWAY_API_KEY }) => compatible({ baseUrl: GATEWAY_URL ?? '', apiKey: GATEWAY_API_KEY }),
  portkey: (config) =>
    portkey({
      apiKey: config.PORTKEY_API_KEY,
      baseUrl: config.PORTKEY_BASE_URL,
      config: config.PORTKEY_CONFIG,
      virtualKey: config.PORTKEY_VIRTUAL_KEY,
      provider: config.PORTKEY_PROVIDER,
      providerKey: config.PORTKEY_PROVIDER_KEY,
      customHost: config.PORTKEY_CUSTOM_HOST,
    }),
  openrouter: (config) =>
    openrouter({
      apiKey: config.OPENROUTER_API_KEY,
      baseUrl: config.OPENROUTER_BASE_URL,
      provider: config.OPENROUTER_PROVIDER,
      fallback: config.OPENROUTER_FALLBACK === 'on',
    }),
  local: ({ LOCAL_MODEL_URL }) => local({ baseUrl: LOCAL_MODEL_URL }),
};

/** The configured gateways, in the order of preference. */
export function createEndpoints(config: Config): Endpoint[] {
  const { FIRST_TOKEN_TIMEOUT_SECONDS: first, IDLE_TIMEOUT_SECONDS: idle } = config;
  return config.gateways.map((name) => {
    const endpoint = makers[name](config);
    const rule = (model: string) => config.CONTINUATION.find(({ models }) => matches(models, model))?.how;
    return {
      ...endpoint,
      continues: (model) => rule(model) ?? endpoint.continues(model),
      firstTokenTimeoutMs: first ? first * 1000 : endpoint.firstTokenTimeoutMs,
      idleTimeoutMs: idle ? idle * 1000 : endpoint.idleTimeoutMs,
    };
  });
}

/** A trailing `*` stands for any end. */
function matches(pattern: string, model: string): boolean {
  return pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern;
}

/** What the routes are built from; see {@link Config}. `economy` is the model for runs that are short of money. */
export type RouteOptions = Pick<Config, 'models'> & Partial<Pick<Config, 'routing'>> & { economy?: string | undefined };

/** Model by model, each at every gateway that has it; configured lists hold for all gateways, default lists for their own kind. */
export function createRoutes(endpoints: Endpoint[], { models, routing, economy }: RouteOptions): Routes {
  const candidatesOf = (alias: Alias): Candidate[] => {
    const listOf = ({ name }: Endpoint) => models[alias] ?? (name === LOCAL ? LOCAL_MODELS : HOSTED_MODELS)[alias];
    const all = [...new Set(endpoints.flatMap(listOf))];
    const candidates = all.flatMap((model) =>
      endpoints
        .filter((endpoint) => listOf(endpoint).includes(model))
        .map((endpoint): Candidate => ({ endpoint, model, ...weightOf(alias, model) })),
    );
    return economy ? [...candidates, ...endpoints.map((endpoint) => toEconomy(endpoint, economy))] : candidates;
  };
  const weightOf = (alias: Alias, model: string) => {
    const weight = routing?.[alias].weights[model];
    return weight === undefined ? {} : { weight };
  };
  return Object.fromEntries(ALIASES.map((alias) => [alias, candidatesOf(alias)])) as Routes;
}

/** The way through models that a role names itself: each at every gateway, in this order. */
export function createWay(endpoints: Endpoint[], models: readonly string[], economy?: string): Candidate[] {
  const candidates = models.flatMap((model) => endpoints.map((endpoint): Candidate => ({ endpoint, model })));
  return economy ? [...candidates, ...endpoints.map((endpoint) => toEconomy(endpoint, economy))] : candidates;
}

function toEconomy(endpoint: Endpoint, model: string): Candidate {
  return { endpoint, model, economy: true };
}
