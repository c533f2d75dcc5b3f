import { render } from 'preact'
import { App } from './app.tsx'
import { begin, session } from './live.ts'
import { followLinks } from './route.ts'
import { dress, wear } from './settings.ts'
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
session.watch(() => {
  const who = session.get()
  wear(who.state === 'in' ? who.user.account : undefined)
})
render(<App />, document.getElementById('app')!)
void begin()
