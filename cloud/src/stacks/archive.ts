import { Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
  StorageClass,
} from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

/** The first level of the archive's keys, and who may do what there. What lies in them: store/layout.ts. */
export type Folder =
  | "alerts"
  | "bulk"
  | "dead-letter"
  | "evidence"
  | "frames"
  | "heartbeats"
  | "held"
  | "lease"
  | "parked"
  | "planner"
  | "posterior"
  | "requests"
  | "sets"
  | "shards"
  | "state";

/** A role's part of the archive. Whoever may write may read: every change is a compare-and-swap. */
export interface ArchiveAccess {
  readonly read: readonly Folder[];
  readonly write: readonly Folder[];
  /** Versioned, so a deleted object can be had back for a quarter. */
  readonly remove: readonly (Folder | "posterior/*/checkpoints")[];
}

/** Stores what gateways send; writes held readings when their time has come. */
export const INGEST_ACCESS: ArchiveAccess = {
  read: ["sets"],
  write: ["alerts", "bulk", "dead-letter", "frames", "heartbeats", "held", "parked", "state"],
  remove: ["held"],
};
/** Reads a machine's frames and writes what follows from them, one job a machine at a time. */
export const JOB_ACCESS: ArchiveAccess = {
  read: ["frames", "shards", "state"],
  write: ["evidence", "lease", "parked", "posterior", "sets"],
  // Estimator states that no head names any more; the head itself can only be replaced.
  remove: ["posterior/*/checkpoints"],
};
/** Reads what ingest and the jobs know of every machine, and an operator's requests, and decides. */
export const PLANNER_ACCESS: ArchiveAccess = {
  read: ["posterior", "requests", "state"],
  write: ["planner", "shards"],
  remove: [],
};

const closed = {
  encryption: BucketEncryption.S3_MANAGED,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/**
 * The archive. Nothing in it expires: a posterior is a function of all the data, so an old frame may be asked for again
 * by any replay. Versioned, because posteriors are replaced by compare-and-swap and a bad one must be recoverable.
 */
export class Archive extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const accessLogs = new Bucket(this, "AccessLogs", {
      ...closed,
      // S3's log delivery cannot write to a bucket without ACLs unless the policy lets it, which CDK adds.
      lifecycleRules: [{ id: "a-quarter-of-access-logs", expiration: Duration.days(90) }],
    });
    this.bucket = new Bucket(this, "Bucket", {
      ...closed,
      versioned: true,
      // The class leaves optional what its own interface requires, which exactOptionalPropertyTypes tells apart.
      serverAccessLogsBucket: accessLogs as IBucket,
      serverAccessLogsPrefix: "archive/",
      lifecycleRules: [
        {
          id: "frames-are-seldom-read-after-a-month",
          prefix: "frames/",
          transitions: [
            { storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) },
          ],
        },
        {
          id: "replaced-versions-stay-a-quarter",
          noncurrentVersionExpiration: Duration.days(90),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
  }
}
