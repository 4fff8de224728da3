/** Work that is done again and again. */
export interface PeriodicJob {
  readonly name: string;
  readonly everyMs: number;
  /** Safe to run again after a crash at any point. `stopping` says that the process wants to end. */
  run(stopping: AbortSignal): Promise<void>;
}

/** What runs periodic jobs. Whatever runs them, each runs at most once at a time over all processes of one database. */
export interface Jobs {
  /** Runs a job from now on. */
  start(job: PeriodicJob): void;
  /** Lets the running jobs finish and starts no further turn. */
  drain(): Promise<void>;
}
