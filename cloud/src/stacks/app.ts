import { TwinError } from "@plumbline/twin/errors";
import { plumblineApp } from "./plumbline-app.ts";

// The CDK's entry: `cd cloud && npx cdk synth`. What to deploy is the context in cloud/cdk.json.
try {
  plumblineApp().app.synth();
} catch (error) {
  if (!(error instanceof TwinError)) throw error;
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
