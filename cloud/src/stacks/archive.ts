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

/** Folders of the archive bucket; one role writes each. */
export const FOLDERS = {
  /** Frames as they came, the home of full identities and reasons. Written by ingest. */
  frames: "frames",
  /** Per thing: what has been acknowledged, and what is still to be recalibrated. Written by ingest. */
  ingest: "ingest",
  /** Posteriors, verdicts and their evidence. Written by the recalibration job. */
  recalibration: "recalibration",
  /** When the planner last looked and what it asked for. Written by the planner. */
  planner: "planner",
} as const;
export type Folder = (typeof FOLDERS)[keyof typeof FOLDERS];

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
          prefix: `${FOLDERS.frames}/`,
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
