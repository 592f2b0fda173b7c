import { createSign, generateKeyPairSync } from "node:crypto";
import { joinedSignature } from "../../../cloud/src/aws/der-signature.ts";
import type { Signer } from "../../../cloud/src/aws/kms-signer.ts";
import { ArchiveHistory } from "../../../cloud/src/history/archive-history.ts";
import { Publisher } from "../../../cloud/src/publish/publisher.ts";
import type { JobRequest } from "../../../cloud/src/recalibrate/job.ts";
import type { JobPorts } from "../../../cloud/src/recalibrate/ports.ts";
import { INSTANCE, THING } from "./gateway.ts";
import type { World } from "./memory.ts";

const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const publicKey = keys.publicKey;
export const signer: Signer = {
  keyId: "test-key",
  sign: async (input) =>
    joinedSignature(createSign("sha256").update(input).sign({ key: keys.privateKey, dsaEncoding: "der" })),
  publicKey: async () => keys.publicKey.export({ type: "spki", format: "pem" }).toString(),
};

export const jobPorts = (world: World): JobPorts => ({
  objects: world.objects,
  history: new ArchiveHistory(world.objects),
  writer: world.writer,
  link: world.link,
  publisher: new Publisher(world.objects, world.link, signer),
  now: world.now,
  wall: () => 1_000_000,
  sleep: async () => {},
  tell: world.tell,
});

export const jobRequest = (more: Partial<JobRequest> = {}): JobRequest => ({
  thing: THING,
  instance: INSTANCE,
  estimateOnly: false,
  owner: { job: "job-1", attempt: 1 },
  ...more,
});
