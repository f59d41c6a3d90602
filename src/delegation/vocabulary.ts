/**
 * What speaks for which type of task: the whole model, as tables a person can read and change. A number is the
 * weight; `*` ends a family of words (`style*`: style, styles, stylesheet). In phrases `_` joins the words; a phrase
 * takes its words with it, so `background_job` is nothing for ui although `background` is.
 */
import type { TaskType } from "../tasks/task.ts";

/** The words of one type that weigh the same. */
export type CueRow = readonly [type: TaskType, weight: number, words: string];

/** The verb a request begins with, wherever in a sentence the request stands. */
export const LEADING_VERBS: readonly CueRow[] = [
  // Look like verbs and are none.
  ["coding", 0, "country countries readme docs reader user users set-up notes writer"],
  [
    "ui",
    3,
    `restyle* redesign* style* centre* center* align* animat* theme beautif* prettif* recolor* recolour*
     fade* darken* lighten* brighten* blur* modernis* moderniz* declutter* reposition* realign* indent*
     collaps*`,
  ],
  ["ui", 2, "polish* render* hide* display* show* resize* shrink* enlarge* widen* tweak* round* highlight*"],
  ["ui", 0.5, "make* put* redo* place* replace* arrange*"],
  [
    "coding",
    2.5,
    `refactor* calculat* comput* simulat* train* vectori* debug* port* migrat* bump* upgrad* downgrad*
     optimis* optimiz* parse* compil* encrypt* decrypt* integrat* deploy* cache* validat* serializ* serialis*
     pars* lock* unlock* paralleli* memoi* handle* catch* throw* expos* hook* patch* rebas* revert* inline*
     extract* decoupl* dedup* containeri* mock* stub* scrap* implementier* programm* instal* configur*
     support* enforc* prevent* ensure* sanitiz* sanitis* escap* normali*`,
  ],
  [
    "coding",
    1.5,
    `implement* fix* repair* solve* resolve* stop* delet* drop* renam* mov* split* convert* enabl* disabl* allow* store* sav*
     import* export* load* send* generat* automat* rewrit* restructur* reorgani* extend* switch* use wire* connect*
     merg* sort* filter* schedul* throttl* retry* log* track* set setup turn* return* limit* run* pass* bind* keep*
     maintain* avoid* skip* ignore* reject* accept* call* simplif* correct* build* remov* behebe* behebt
     repariere* korrigier* arregla* corrige* corrig* répar* ajout* añad* hinzufüg* entfern* erstell* crea* créer crée
     unify persist* preserv* apply* adjust* detect* derive* relocat* cast* copy* expand* respect*`,
  ],
  ["coding", 0.5, "add* produc* creat* write* develop* chang* updat* need* get* improv* replac* give* try*"],
  [
    "documentation",
    4.5,
    `document* dokumentier* documenta* documenter rédig* proofread* spell translat* übersetz* traduc* draft*
     annotat* reword* rephras* spellcheck* copyedit* transcrib*`,
  ],
  ["documentation", 2, "author* compos* revis* describ* clarif* beschreib* décri* mention* note* comment*"],
  ["documentation", 1.5, "summari* rewrit* explain* cross-referenc*"],
  ["documentation", 1.5, "write* writ* schreib* escrib* écri* prepar* link*"],
  [
    "analysis",
    4,
    `analys* analyz* analis* investigat* compar* evaluat* audit* assess* review* research* diagnos*
     benchmark* profil* examin* inspect* brainstorm* explor* vergleich* untersuch* bewert* prüf* überprüf*
     explain* erklär* explique* explica* compara* revis* évalu* understand* study* critiqu* scrutini*
     recommend* advis* weigh* estimat* quantif* rank* prioriti* reason* think* discuss* consider* decid*
     wonder* contrast* triag* categori* survey* interpret* gaug* forecast* predict* debat* argu* dig*
     enumerat* confirm* ponder* judg* measur*`,
  ],
  [
    "analysis",
    3.5,
    `go walk* identif* propos* suggest* tell* outlin* determin* look* read* trace traces tracing verif*
     summari* report* plan* pinpoint* locat*`,
  ],
  ["analysis", 3, "find* check* list* count*"],
  ["analysis", 2, "describ* map* search* design* architect* figur* see* spot* clarif* flag*"],
];

/** What a question begins with. "can you …?" is a request, not a question. */
export const QUESTION_WORDS: readonly CueRow[] = [
  [
    "analysis",
    5,
    `why how what which who whom whose where when should would warum wieso weshalb wie was welche* wer wo
     sollte* pourquoi quel* what's how's who's where's why's porque cómo qué cuál*`,
  ],
  [
    "analysis",
    4,
    `is are was were does do did has have had am will could can may might shall isnt doesnt gibt ist sind
     kann est es`,
  ],
];

/** Verbs that ask for a change: after one of these, an analysis asked for before it is only the way there. */
export const CHANGE_VERBS = `fix* repair* solve* resolve* implement* refactor* patch* correct* chang* rewrit* remov* delet* replac*
     migrat* updat* upgrad* add* make* rework* clean* optimis* optimiz* apply* build* convert* creat* behebe*
     reparier* korrigier* corrig* arregl*`;

export const WORDS: readonly CueRow[] = [
  [
    "ui",
    3,
    `css scss sass tailwind* bootstrap stylesheet* styl* restyl* responsive* layout* navbar* sidebar*
     tooltip* modal* popover* dropdown* breadcrumb* carousel* hover* z-index flexbox* typograph* font* color*
     colour* padding* margin* spacing* whitespace gradient* shadow* animation* animat* icon* avatar* spinner*
     skeleton* button* checkbox* hamburger* favicon* theme* theming wireframe* mockup* figma pixel* viewport*
     breakpoint* wcag colour-blind color-blind aria aria-label* toast* stepper* accordion* datepicker* tabbed
     hero footer* widescreen ellipsis tappable ux sticky palette* oberfläche* schaltfläche* bildschirm*
     botón* bouton* schriftart* farbe* couleur* illustrat*`,
  ],
  [
    "ui",
    2,
    `ui screen* page* dashboard* menu* menü* menús dialog* drawer* banner* badge* card* toggle* panel*
     widget* logo* header* heading* mobile phone* handy tablet* ipad desktop landscape portrait contrast
     border* background* component* frontend front-end react vue svelte visual* visib* wizard* tab tabs
     placeholder* chart* sparkline* svg html headline* slider* picker* chip* thumbnail* overflow* column* row
     rows grid* centered centred align* corner* nav navigation landing homepage startseite outline* divider*
     wrap* narrow* wide* accessib* focus scroll* jump* flicker* overlap* dated boring ugly nicer pretty
     prettier beautiful* transition* fullscreen zoom* caret cursor label* pane swatch* glyph* popup*
     appearance* alignment* misalign* gesture* opacity opaque rounded legib* unreadab* mascot* branding
     combobox* listbox* viewer* emoji* dark drag* clickable selectable scrollbar*`,
  ],
  [
    "ui",
    1.5,
    `looks look view views bigger larger smaller selected brand photo* image* bubble* tap swipe resizable
     collapsible draggable blurry cropped truncated crowded cluttered cut-off modern bold italic`,
  ],
  [
    "ui",
    1,
    `table onboarding clipboard above below left right top bottom view views form forms field input* image*
     gallery click* width* height* size sizes px small* button profile settings desktop text display* browser
     shift design*`,
  ],
  [
    "coding",
    3,
    `bug* crash* exception* stacktrace traceback segfault* typeerror nullpointer* regression* test tests
     unittest* testing e2e fixture* mock* middleware* endpoint* refactor* mutex* deadlock* dockerfile*
     webhook* oauth* jwt api-key parser* compiler* linter* eslint migration* backend* race algorithm* sql
     regex* async promise* callback* thread* stdin stdout cron* kubernetes terraform ci cli lambda* script*
     function* class classes method* auth authentication authentifi* login* logout* password* token* session*
     encrypt* hash* redis postgres* sqlite kafka ansible helm nginx systemd firmware shader* numpy pandas
     collision* playbook* graphql grpc http websocket* queue* cache* caching idempoten* backoff retry*
     retries timeout* pagination enum* generics type-safe typesafe typescript rust golang python java kotlin
     swift php ruby node npm webpack vite esbuild docker* daemon* subprocess* decorator* iterator* buffer*
     byte* schema* serial* deserial* fehler* bogue* panic* leak* null undefined nan off-by-one overflowed
     unicode utf-8 umlaut* timezone*`,
  ],
  [
    "coding",
    2,
    `error* fail* failing failure* broken breaks throw* module* package* import* export* library dependenc* server*
     client* service* database* db query queries index* transaction* handler* hook* plugin* config* flag*
     argument* parameter* variable* constant* interface* struct* type types annotation* pipeline* build* bundle* deploy*
     worker* job* scheduler* event* socket* stream* request* response* permission* role*
     model* controller* repository validat* upload* download* pdf csv json yaml xml email* payment* invoice*
     stripe subscription* billing sync* concurren* parallel* memory cpu performance* slow* loop* recursion* integer* float*
     string* array* object* logic code codebase duplicat* legacy generator* formatter* bot feature* system* tool
     account* customer* currenc* logging logger* metric* alert* limit* rate env docker
     interval* importer* exporter* loader* provider* adapter* driver* engine* protocol* compat* locale* i18n`,
  ],
  ["coding", 0, "important importance engineering engineer parameterization"],
  [
    "coding",
    1.5,
    `state commit* branch* release* payload* body binary 400 401 403 404 500 502 503 publish* repro proxy utc
     timestamp* xss csrf cors cookie* undo redo seed* shutdown signal* lock* ci/cd`,
  ],
  [
    "coding",
    1,
    `functionality api data file files folder* user* order* backup* search feed run command* input output
     version* app production behaviour behavior clock date dates import nightly`,
  ],
  [
    "documentation",
    3.5,
    `documentation* docs doc readme* changelog* tutorial* docstring* jsdoc* javadoc* godoc* tsdoc rustdoc
     guide* manual* handbook* wiki* faq* runbook* glossar* announcement* comment* cheatsheet* walkthrough*
     howto* how-to* whitepaper* adr adrs rfc contributing* typo* wording* grammar* spelling* handbuch
     anleitung* doku dokumentation* documentación release-notes postmortem* post-mortem* changelogs manpage*
     rules newsletter* policy license* copyright* news* contributing.md claude.md agents.md skill.md`,
  ],
  [
    "documentation",
    2,
    `instruction* paragraph* section* description* explanation* overview* introduction* example* reference*
     blog* article* material* terminolog* newcomer* beginner* reader* contributor* prose text wordy note
     notes sentence* appendix out-of-date troubleshooting quickstart sample* kommentar* beschreibung* kep`,
  ],
  [
    "documentation",
    1,
    `page pages diagram* describ* mention* table-of-contents install* setup write-up chapter* link links`,
  ],
  [
    "analysis",
    3,
    `tradeoff* trade-off* pros cons alternatives feasib* bottleneck* root-cause cause causes vulnerabilit*
     risk risks riskiest audit* analysis analyse* analyz* comparison* investigat* assess* evaluation*
     benchmark* profiling findings recommendation* opinion* review* estimate* effort why difference* compare*
     spike anomal* understand* strategy strategies hypothes* insight* pro contra unterschied* ursache*
     risiko* empfehlung* proposal* diagnos* ideas idea options implication* drawback* downside* consequence*
     statistic* breakdown hotspot* debt wonder*`,
  ],
  [
    "analysis",
    2,
    `whether architecture* roadmap* plan overview* accura* consisten* report reporting impact severity
     summary inventory priorit* trend* measure* security secure safe safely unused outdated coverage gap gaps
     structure weakness* suspicious plausible intermittent milestones advantages disadvantages versus vs
     explain* worth best fastest slowest reason* scale scalab* threat*`,
  ],
  [
    "analysis",
    1,
    `performance latency usage memory complexity quality cost costs better log logs how where who which
     causes dependencies leak*`,
  ],
];

export const PHRASES: readonly CueRow[] = [
  [
    "ui",
    4,
    `dark_mode light_mode dark_theme color_scheme colour_scheme drag_drop call_to_action landing_page
     home_page date_picker color_picker loading_state loading_indicator loading_spinner empty_state
     progress_bar search_bar search_box nav_bar navigation_bar side_bar title_bar tab_bar user_interface
     user_experience media_query screen_reader line_height font_size media_queries look_feel status_bar
     settings_page settings_screen text_field confirmation_dialog hover_state focus_state tree_view list_view
     grid_view kanban_board small_screen settings_panel top_right top_left bottom_right full_width
     side_by_side two_column multi_step infinite_scroll keyboard_navigation keyboard_focus admin_panel
     line_chart bar_chart pie_chart header_image profile_page color_blind colour_blind white_space
     layout_shift product_page pricing_page login_page keyboard_shortcut touch_target date_input search_page
     print_style login_screen sign-in_screen login_form signup_form sign-up_form checkout_page user_menu
     context_menu scroll_bar contact_form table_header`,
  ],
  [
    "coding",
    3.5,
    `background_job background_task background_worker background_thread background_process unit_test
     integration_test end-to-end_test e2e_test regression_test smoke_test rate_limit rate_limiting
     rate_limiter code_generator docker_image http_header response_header request_header authorization_header
     header_file cache_header materialized_view database_view database_migration schema_migration
     null_pointer race_condition memory_page page_size page_fault feature_flag type_annotation dead_code
     build_script docs_build doc_test error_handling error_handler github_action ci_pipeline
     pull_request_template exponential_backoff connection_pool git_hook command_line view_model table_lock
     design_pattern shell_script style_check style_pipeline comment_parser documentation_generator
     docs_generator markdown_parser markdown_renderer mobile_api test_suite test_case helm_chart
     ansible_playbook failing_test flaky_test node_module search_index access_control dependency_injection
     state_machine rest_api graphql_api data_structure linked_list environment_variable status_code
     merge_conflict font_loader`,
  ],
  [
    "documentation",
    4,
    `release_note man_page manual_page help_text table_of_contents table_of_content code_comment code_sample
     code_example doc_comment inline_comment api_reference api_doc usage_example getting_started user_guide
     migration_guide upgrade_guide style_guide reference_table reference_page faq_page docs_page doc_page
     docs_site broken_link step_by_step blog_post design_doc technical_writing commit_message out_of_date
     installation_instruction setup_instruction install_instruction install_guide config_reference
     missing_description changelog_entry license_header troubleshooting_section troubleshooting_page read_me
     write_up quick_start incident_report pull_request_description pr_description breaking_change
     architecture_decision user_story model_card`,
  ],
  [
    "analysis",
    4,
    `root_cause code_review security_review design_review pull_request trade_off look_into figure_out
     find_out tell_me walk_me let_me_know pros_cons what_went_wrong point_out go_through work_out come_up
     have_look describe_what describe_how describe_why technical_debt think_about do_you_think best_approach
     best_practice single_point_of_failure attack_surface threat_model how_much how_many security_problem
     security_issue security_hole security_audit database_schema data_model folder_structure high_level
     next_step risk_assessment proof_of_concept cost_benefit high-level_design system_design
     security_vulnerability known_vulnerability`,
  ],
  ["analysis", 3, "give_me show_me come_from"],
  [
    "analysis",
    6,
    `do_not_change don't_change do_not_fix don't_fix dont_change dont_fix no_code without_changing no_change
     do_not_edit don't_edit do_not_modify don't_modify do_not_touch don't_touch read_only not_fix not_change
     do_not_implement don't_implement just_report only_report`,
  ],
];

/** What the name of a file says, by its ending. */
export const FILE_ENDINGS: readonly CueRow[] = [
  ["ui", 3, "css scss sass less styl"],
  ["ui", 2, "tsx jsx vue svelte html htm hbs ejs astro"],
  ["ui", 1, "png jpg jpeg svg gif fig webp ttf woff woff2"],
  [
    "coding",
    1.5,
    `ts js mjs cjs py go rs java kt rb php c h cc cpp hpp cs swift sql sh bash zsh toml tf proto lua ex exs
     zig scala yml yaml json lock gradle ini env`,
  ],
  ["documentation", 3, "md mdx rst adoc asciidoc tex"],
  ["documentation", 0.5, "txt pdf docx"],
  ["analysis", 1, "log csv parquet ipynb har prof heapsnapshot"],
];

/** What a folder in a path says. */
export const FOLDERS: readonly CueRow[] = [
  ["ui", 1.5, "components styles css pages views ui layouts themes assets icons frontend screens widgets"],
  ["coding", 2, "test tests spec specs __tests__ e2e scripts migrations"],
  ["coding", 0.5, "src lib api server backend cmd pkg internal app services models controllers bin"],
  ["documentation", 1.5, "docs doc wiki handbook"],
  ["analysis", 1, "log logs reports"],
];
