import { plumblineApp } from "./plumbline-app.ts";

// The CDK's entry: `cd cloud && npx cdk synth`. What to deploy is the context in cloud/cdk.json.
plumblineApp().app.synth();
