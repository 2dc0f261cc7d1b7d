/** Worker options for running workflow code. */

export const WORKFLOW_OPTIONS = {
  // how long a workflow waits for a worker that has died before another worker takes over
  stickyQueueScheduleToStartTimeout: '1s',
  workflowThreadPoolSize: 1,
  maxCachedWorkflows: 2000,
  // Workflow code takes milliseconds, but longer on an overloaded machine, because this is wall-clock time. Code that does not end blocks
  // all other runs of the worker until it is stopped, on each try. The SDK accepts this option, but its types do not declare it.
  isolateExecutionTimeout: '5s',
} as const;
