/** The whole contract, for type imports. Workflow code imports values from the single files, to keep zod out of its bundle. */
export * from './checks';
export * from './compositions';
export * from './events';
export * from './failures';
export * from './fork';
export * from './gateways';
export * from './graph';
export * from './memory';
export * from './names';
export * from './requests';
export * from './runs';
export * from './session';
export * from './snapshots';
export * from './steering';
export * from './structures';
export * from './swarms';
export * from './turns';
