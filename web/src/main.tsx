import { render } from 'preact'
import { App } from './app.tsx'
import { begin } from './live.ts'
import { followLinks } from './route.ts'
import { dress } from './settings.ts'
import './style/ground.css'
import './style/shell.css'
import './style/pieces.css'
import './style/overview.css'
import './style/map.css'
import './style/asset.css'
import './style/plan.css'
import './style/stations.css'

dress()
followLinks()
render(<App />, document.getElementById('app')!)
void begin()
