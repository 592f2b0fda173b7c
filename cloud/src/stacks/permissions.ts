import { Stack } from "aws-cdk-lib";
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { ArchiveAccess } from "./archive.ts";
import { acknowledgeWildcards } from "./cdk-nag.ts";

/** The ARN of an IoT resource of this account and region, such as `topic/plumbline/v1/line-1/ack`. */
export const iotArn = (scope: Construct, resource: string): string => {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:iot:${region}:${account}:${resource}`;
};

/** One statement of a role: the actions, on exactly these resources. */
export function allow(role: IRole, sid: string, actions: string[], resources: string[]): void {
  role.addToPrincipalPolicy(new PolicyStatement({ sid, actions, resources }));
}

/** As `allow`, where the resources cannot be named whole; `reason` says why, for the audit. */
export function allowUnder(
  role: IRole,
  sid: string,
  actions: string[],
  resources: string[],
  reason: string,
): void {
  allow(role, sid, actions, resources);
  acknowledgeWildcards(role, resources, reason);
}

/** The bucket's ARN as the stack of `scope` must write it. */
function bucketArn(scope: Construct, bucket: Bucket): string {
  const owner = Stack.of(bucket);
  return Stack.of(scope) === owner ? bucket.bucketArn : owner.exportValue(bucket.bucketArn);
}

/** A role's part of the archive, folder by folder. */
export function allowArchive(role: IRole, bucket: Bucket, { read, write, remove }: ArchiveAccess): void {
  const arn = bucketArn(role, bucket);
  const under = (folders: readonly string[]): string[] => folders.map((folder) => `${arn}/${folder}/*`);
  const reason =
    "object keys hold thing, epoch and sequence, unknown at deployment: the folder is the least that can be named";
  allowUnder(role, "ReadArchive", ["s3:GetObject"], under([...read, ...write]), reason);
  allowUnder(role, "WriteArchive", ["s3:PutObject"], under(write), reason);
  if (remove.length > 0) allowUnder(role, "ClearArchive", ["s3:DeleteObject"], under(remove), reason);
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: "ListArchive",
      actions: ["s3:ListBucket"],
      resources: [arn],
      // IfExists: a plain read carries no prefix, and without this right a missing object is "forbidden", not "missing".
      conditions: { StringLikeIfExists: { "s3:prefix": [...read, ...write].map((folder) => `${folder}/*`) } },
    }),
  );
}
