/** Every HTTP route of the API, in the order in which the document lists them. */
import { earlierClientRoutes } from '../protocols/earlier-clients';
import { mcpRoute } from '../protocols/mcp';
import { openAiRoutes } from '../protocols/openai';
import type { Route } from '../routing/define-route';
import { defineDocumentRoutes } from './documents';
import { eventsRoute } from './events';
import { gatewaysRoute } from './gateways';
import { healthRoutes } from './health';
import { metricsRoute } from './metrics';
import { runInputRoutes } from './run-inputs';
import { runRoutes } from './runs';
import { sessionRoutes } from './sessions';
import { steeringRoutes } from './steering';
import { swarmRoutes } from './swarms';

const ownRoutes = [
  ...swarmRoutes,
  ...runRoutes,
  ...runInputRoutes,
  eventsRoute,
  ...steeringRoutes,
  ...sessionRoutes,
  ...healthRoutes,
  metricsRoute,
  gatewaysRoute,
];
const protocolRoutes = [...openAiRoutes, mcpRoute, ...earlierClientRoutes];

export const ROUTES: readonly Route[] = [
  ...ownRoutes,
  ...protocolRoutes,
  ...defineDocumentRoutes([...ownRoutes, ...protocolRoutes]),
];
