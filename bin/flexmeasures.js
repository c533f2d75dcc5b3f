#!/usr/bin/env node
// The name under which cron files and scripts call FlexMeasures: `flexmeasures add …` is `cariflex flexmeasures add …`.
process.argv.splice(2, 0, 'flexmeasures')
await import('./cariflex.js')
