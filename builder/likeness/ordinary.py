"""Ordinary English words, by which slips of the finger are told from words."""

ORDINARY = frozenset(
    """
    able abode aces across addiction ads ages aide aides aiding aids air airs ale alight alive all aloha along alter
    alters always angel angels angled ankle ankles ans apes appeal appealed appealing appeals aptitude arch are arena
    ares aria arid arises ark arms arts aside attitude attitudes audition auditions ave axe back backs backyard bags
    bail bald bale bales ballsy balm bangles barge barges bark barks bashed bawl bean beans beast beasts beat beats
    beds began begs begun bell bellows bells bended bending bends best bet beth bets bias bide bids bill billed bills
    bins bite bites bits blank blanks blast blasts bless blesses blight block blocks blogs blow blower blown blows
    blur bode bodes bold bone bones bong bore bores bots bouts bows boxed boxer boxers brake brakes brave braves brawn
    brighten bring brings brow bruce bugger buggers bugs bull bullion bulls bums cable cables calf call caller callers
    calls calves came can cane canes cannon cannons cans carl cart carts carve cases cash cashed cast casts cats cave
    caves chan chant chants charm charms chase chases chat chats chic chick chicks chin chins chip chips chit choral
    chris cider circled cite clacks clan clans cleft clive clogs clone cloned clones close closer closes closet
    closets clots clue clues coal coals coats code codes cogs coke cold colds cole come comes completes con conclave
    cons convey cope cops core cores cornea corned coroner corral cost costs cosy cove cower cows crass crime crimes
    crops crossed crow crowing crown crowns crows cub cubs cue cues cur curb curd cure cures curly curse curses curved
    curvy cute cuter cuts dad dads dale dame dames dangle dank dare dares darken darn dart darts dave davies dawn
    dawns deal deals dean death deaths deceased decree decrees della dens desk desks dicks diddle digger diggers digs
    dime dimes dine ding dings dink dinner dinners dis disco dish diss dive dives divided divine docs does dogs don
    done dong dons dork dorks dos doses dost dote dotes doth doubly doubted doubting doze dozed dregs drown drowns
    dusk ease eases easy eat eats eclipse edged edgy edict elope embers enter enters evan evans eve event events ever
    exes expend expended fable fact facts fair fairs fall falls fame fans fart farts fat fats feast feasts feds felix
    felled fellow fellows fending fess fest fever fiddle fight fighter fighters fights figs file filed files fillet
    filmed filth fine fines fins fire fires fist fists fiver fixes flack flight flights flour flow flower flowers
    flows fold folds follow follows font for foray fore fort forth forts foul foxes fray fright frost frown frowns fur
    furs gale gall game games gary gave gay gays gigs give gives glow glowing glows glue glum goad god gods golf gone
    gong good goods gore gosh gown gowns grab grabs grace graces grad grady gram grams gran grape grapes grass gravy
    greed greek greeks greet greets greg grew grim grin grind grinds grip grips grit grits grog groped groping gross
    group growl growling growls grown gums guts hair hairs hal hale hall halls halo halt hans hast have heal heals
    hear heard hears hearth hearty heat heats hector hedge hedges hens hero hick hicks hide hides his hither hive
    hives hogs hold holds hone hops hos hoses hots hour hours hows hugh hums hurl huts infer ing ink innards ins
    insider isis james jean jeans jess jest jingle jingles jive joint joints jones josh kale kate kegs killed king
    kings kink kinks kit kits knots lack lacks lager lair lame lane lanes lang lark lash lashed lass latitude laws
    lean leans leases least ledge lefty legs lending lends lengthy lens lenses lent les lessen lesser lest let lets
    lever levers lice lie lies life lift lifts lighted lighten like likes lima limb limbs limey limo limos limp lin
    lined linen linens liner linger lingers link links lint lire list lists live lives loft logo lois lone loner
    longed lore loser losers loses loss losses lost lots lover lovers lowly lube lung lungs lust made mains makes male
    males mall malls mamma man mans mare marge marion mark marker markers marks marrow mashed mast mates maxed mead
    meal meals meant meat meats meddle media medial mega megan mellow men mended mending menus mere mess messes meta
    mics might mighty mime mind minds mine mines ming mingle mini minimal mink mint mints miss mite mixes moan moans
    mobs model models modem modest module modules mold molds mole moles moms mood moods moore mope moral morals morn
    morse moses moss mouth mouths move moves mower muddle multiple multiplied mums name names nary national nationals
    nay neal ned nest nests nets newer nice nifty niggers nigh night nights niles nina node nodes nods non nope nose
    noses note notes nous nuts oats object old olden oliver omen omens onion onions onward onwards oops ops oral ore
    otter otters our ours oust outed outsider outsiders oven ovens owen owes own owns oxen pace paces padding page
    pages paid pail pain pains paint paints pal pall palm palms pals pane pans par paris park parker parks past pate
    patio pauses pave peed pegs pen pending pens pest pests phased phil phrase phrases pick picks pigs pile piles pin
    pine pines ping pinky pins pint pints place places plan planet planets plank planks plans plant plants plate
    plates plight plow plug plugs plumb plume plumes plump plush pods pointy pole poles pong pops pore pores poses
    posh pots potted pour pours power powers pray prays prey preys price prices pride prides prim primed primer primo
    print prints prize prizes produce produces pubes pubic pulses punk punks pus puts quack quacks quartet race races
    radial radiant radio radios radium rafters rang range ranges ration rations rave raves ray rays read reads realm
    realms reap rear rears recant redo reed reeds reel reels regal renal reps rest rests revere revered reverted revs
    rid riddle riddles ride rider riders rides rig rigs rind rink risk risks rite rites robs rode rods roses rots
    rotted router rowed rowing rue rung ryan sable safe safes sage sages sake sakes sale sales salon saloon sam sane
    sans sarge save saves scant scar scars scones scope seal seals sean sear seas sect sects seed seeds seen sees
    semen sending sends serves sets sever sewer sewers sexes shall shame shames shin shine shines shingles shirt
    shirts shoot shooter shooters shoots shore shores shorted shorten shorty shot shots shout shouts show shows shriek
    shrieking shrieks shrine shrunk sid sided sigh sighs sight sights signs silvery since sind sing singled sings sink
    sinks sinner sinners sinus sinuses sips sire sis sitar site sites sits size sizes skins slack slacks slew slid
    slide slides slight slightest slime sliver slob slobs slog slop slot slots slower slowest slum slums smart smarts
    smell smells snide snort snorts snow snows soar soars sold some song songs sons sore sores sort sorts sour sow
    sown spar specs sped speedy spend spends spewed spied spinal spine spines spins spiraling sport sports squared
    squire stab stable stables stabs stag stair stairs stall stalls stan stare stared stares staring stark starling
    starred starring starter startled startling starved starving stated stating stats stay stays steal steals steed
    steven stevens stigma stir stirs stops stow streamlined subs sues sumo suns supper suss sway sways swine syne
    tablet tablets tabs tags tail tails tale tales talk talker talks tally tame tang tangle tank tanks taps tar tart
    tarts taxes taxis tea team teams tear tears teas teen teens teeth tell teller tellers tells tend tended tending
    tends tense tent tents tess test tests than thee then there thigh thighs thine thing things think thinker thinkers
    thinks thirsty this threw thrive thrives throes thun thus tick ticker ticks tide tides ties tight tighter tights
    tiles till time timed timer timers tin ting tingle tins tips tires todd toes told toll tolls tone tones tong tons
    tore toss tour tours tow tower towers town towns toys trace traces tray trays tree trees trey trick tricks tries
    trifle tripe tripled triplets truce truer truest tube tubes twin twine twins upped val vale valves vans vast veal
    vending vest vests victor victors vine vines violent vive vows wade wage wages waive wake wakes wall walls wares
    washed wast waved waver wavy way ways wean weave weaves wedge weight weights went wept wet wets while whine whines
    whit whiter whitest whitey widen widest wife wigs wilder wiles willed wine wines wing wings wink winks winner
    winners wins wipe wiper wipers wipes wire wires wise wiser with wives wong wore worth wring write writes yeast
    yong yore your yours youth youths zeal zeroes zest zillion zing zone zones
    """.split()
)
"""Words one letter away from a word that counts in full, and never a slip for it: "like" is none for "line"."""

COMMON = tuple(
    """
    the and that this with then than from into they them their there these those when where while which what who how
    have has had will would should could can may must does did been being were was are also each every some any other
    another such only just very well like over onto around through along across during until using used use uses make
    makes made want wants need needs please show shows showing shown display displays displayed create creates created
    creating draw draws drawn drawing animate animates animated animating animation animations move moves moving moved
    movement place placed places position positioned positions appear text texts title titles label labels labeled
    labelled object objects scene scenes screen video write written writes read add adds added explain explains
    explained explaining explanation illustrate illustrates demonstrate demonstrates visual visually visualize
    visualization visualizes represent represents representing representation represented include includes including
    introduce introduces introducing concept concepts process step steps final finally number numbers function
    functions equation equations formula formulas value values variable variables time times smooth smoothly scale
    scaled scaling rotate rotates rotating rotated rotation transform transforms transformed transforming
    transformation fade fades faded fading zoom highlight highlights highlighted colour colored color colors coloured
    fill filled stroke background educational simple given called named words word letter letters between above below
    about against three line lines side sides here more most much many same both four for form forms first find finds
    your you our her his its out not now new next one two once own see set sets say says space shape shapes size sizes
    group groups part parts point points path paths pause paused camera view image images picture follow followed
    follows following result results method methods solution solve theorem proof problem example examples calculate
    calculates calculating calculation physics energy force electron electrons atom atoms molecule particle node nodes
    edge edges row rows column columns cell cells item items element elements list lists bar bars array change changes
    changing changed turn turns turned start starts starting begin begins end ends ending brief briefly together
    different various within without before after again itself remain remains disappear disappears emphasize connect
    connects connected connecting surface circle circles square squares triangle rectangle left right top bottom
    center blue green red yellow white black orange purple pink axes axis graph curve curves dot dots arrow arrows
    angle angles radius width height degrees second seconds phrase sentence student students detail details detailed
    clear clearly understand interpretation relationship apply applies applied applying original
    """.split()
)
"""Words that prompts are full of, also some that count in full: a slip is rather one of these than a rarer word."""
