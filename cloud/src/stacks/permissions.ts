import { Stack } from "aws-cdk-lib";
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { Folder } from "./archive.ts";
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

interface FolderAccess {
  readonly sid: string;
  readonly actions: readonly ("s3:GetObject" | "s3:PutObject")[];
  readonly folders: readonly Folder[];
}

/** Objects under whole folders of the archive. */
export function allowFolders(role: IRole, bucket: Bucket, { sid, actions, folders }: FolderAccess): void {
  const resources = folders.map((folder) => `${bucketArn(role, bucket)}/${folder}/*`);
  const reason =
    "object keys hold thing, epoch and sequence, unknown at deployment: the folder is the least that can be named";
  allowUnder(role, sid, [...actions], resources, reason);
}

/** Listing shows which folder only as a condition: the resource is the bucket. */
export function allowListing(role: IRole, bucket: Bucket, folders: readonly Folder[]): void {
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: "ListOwnFolders",
      actions: ["s3:ListBucket"],
      resources: [bucketArn(role, bucket)],
      conditions: { StringLike: { "s3:prefix": folders.map((folder) => `${folder}/*`) } },
    }),
  );
}
