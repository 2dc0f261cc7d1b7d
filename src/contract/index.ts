/** The contract in one import, for types. Workflow code imports values from the files themselves, so that zod stays out of its bundle. */
export * from './agreement';
export * from './compositions';
export * from './events';
export * from './failures';
export * from './fold';
export * from './fork';
export * from './frames';
export * from './names';
export * from './plan';
export * from './requests';
export * from './runs';
export * from './shuffle';
export * from './steering';
export * from './structures';
export * from './swarms';
export * from './totals';
export * from './verdict';
