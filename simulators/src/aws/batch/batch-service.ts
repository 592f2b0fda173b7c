import { restJsonFault } from "../http/json-answer.ts";
import type { Operation, Service } from "../http/service.ts";
import type { Batch } from "./context.ts";
import { describeJobs, listJobs, stopJob } from "./describe-jobs.ts";
import { describeDefinitions, describeQueues, registerDefinition } from "./job-definitions.ts";
import { submitJob } from "./submit-job.ts";

/** A SubmitJob may have 30 KB on AWS; the others are smaller. */
const MAX_BODY = 256 * 1024;

/** AWS Batch, as far as it is used: definitions, jobs and array jobs, on queues that the configuration names. */
export function batchService(batch: Batch): Service {
  const on = (name: string, answer: Operation["answer"]): Operation => ({
    name,
    method: "POST",
    path: `/v1/${name.toLowerCase()}`,
    answer,
  });
  return {
    signingName: "batch",
    maxBodyBytes: MAX_BODY,
    escapesPath: true,
    fault: restJsonFault,
    operations: [
      on("RegisterJobDefinition", registerDefinition(batch)),
      on("DescribeJobDefinitions", describeDefinitions(batch)),
      on("DescribeJobQueues", describeQueues(batch)),
      on("SubmitJob", submitJob(batch)),
      on("DescribeJobs", describeJobs(batch)),
      on("ListJobs", listJobs(batch)),
      on("CancelJob", stopJob(batch, "cancel")),
      on("TerminateJob", stopJob(batch, "terminate")),
    ],
  };
}
