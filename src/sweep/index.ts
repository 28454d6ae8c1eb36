export { firstOfEachClass, sideBySide } from "./evaluate";
export { experimentsOf, idOf } from "./expand";
export { type Experiment, type MetricName, readExperiment } from "./experiment";
export { run } from "./run";
